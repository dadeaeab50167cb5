import { BINDINGS, type DeclaredInterface, isCallable } from '../../a2a/agent-card.ts'
import { VERSIONS } from '../../a2a/version.ts'
import type { Violation } from '../../errors.ts'
import { grpcAddressProblem, isSameGrpcAddress, parseGrpcAddress } from '../grpc-address.ts'
import { httpUrlProblem, isBelow } from '../http-url.ts'
import type { PublicAddresses } from '../public-addresses.ts'
import { agentsBase } from '../public-urls.ts'
import { isFilled } from './text-rules.ts'

/** What a card is judged against besides itself; without a member, its rule is left out. */
export type CardSurroundings = {
  /** Where the gateway serves agents: an interface there would lead back to it. */
  readonly own?: PublicAddresses
  /** Why the gateway may not call a URL, naming the setting that would let it; `undefined` when nothing keeps it from trying. */
  readonly refusalOf?: (url: string) => string | undefined
}

/** What must be true of a card's interfaces. `whole` is what to point at when none of them will do. */
export function interfaceRules(
  interfaces: readonly DeclaredInterface[],
  surroundings: CardSurroundings,
  whole: string,
): readonly Violation[] {
  // In 0.3 the version is the whole card's, and is judged once.
  const versions = new Set(interfaces.map(({ version }) => version))
  const found = [
    ...interfaces.flatMap((declared) => [
      ...urlRules(declared, surroundings),
      ...bindingRules(declared.binding),
    ]),
    ...[...versions].flatMap((version) => [...versionRules(version)]),
  ]
  if (interfaces.length === 0 || interfaces.some(isCallableEntry)) return found
  const notCallable: Violation = {
    pointer: whole,
    code: 'not_callable',
    message: `must have an interface of A2A ${VERSIONS.join(' or ')} over ${BINDINGS.join(', ')}; the gateway can call no other`,
    hint:
      whole === '/protocolVersion'
        ? 'Write 0.3.0, or serve A2A 1.0 and list it in "supportedInterfaces"'
        : 'Add {"url": "https://…", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}',
  }
  return [...found, notCallable]
}

function* urlRules(declared: DeclaredInterface, surroundings: CardSurroundings): Generator<Violation> {
  const { url, binding } = declared
  if (!isFilled(url.value)) return
  const isGrpc = binding.value === 'GRPC'
  const problem = isGrpc ? grpcAddressProblem(url.value) : httpUrlProblem(url.value)
  if (problem !== undefined) {
    yield { pointer: url.pointer, code: 'url', message: problem }
    return
  }
  const { own, refusalOf } = surroundings
  if (own !== undefined && leadsBack(url.value, isGrpc, own)) {
    yield { pointer: url.pointer, code: 'loop', message: 'must not lead back to this gateway' }
  } else if (refusalOf !== undefined && isCallableEntry(declared)) {
    const refusal = refusalOf(isGrpc ? urlOfGrpc(url.value) : url.value)
    if (refusal !== undefined) yield { pointer: url.pointer, code: 'forbidden_address', message: refusal }
  }
}

/** Where nothing says whether there is TLS, the address is judged as if there were: the call decides. */
function urlOfGrpc(text: string): string {
  const address = parseGrpcAddress(text)
  return address === undefined
    ? text
    : `${address.tls === false ? 'http' : 'https'}://${address.host}:${address.port}`
}

const leadsBack = (url: string, isGrpc: boolean, own: PublicAddresses): boolean =>
  isBelow(url, agentsBase(own.http)) ||
  (isGrpc && own.grpc.some((listener) => isSameGrpcAddress(url, listener.url)))

function* bindingRules({ pointer, value }: DeclaredInterface['binding']): Generator<Violation> {
  if (!isFilled(value) || isBinding(value)) return
  const known = BINDINGS.find((name) => plain(name) === plain(value)) ?? MEANT[plain(value)]
  yield {
    pointer,
    code: 'unknown_binding',
    message: `must be one of ${BINDINGS.join(', ')}, or a URI for a custom binding`,
    ...(known === undefined ? {} : { hint: `Write ${known}` }),
  }
}

const plain = (text: string): string => text.toUpperCase().replace(/[^A-Z]/g, '')

const MEANT: Readonly<Record<string, string>> = { REST: 'HTTP+JSON', HTTP: 'HTTP+JSON', JSON: 'HTTP+JSON' }

function* versionRules({ pointer, value }: DeclaredInterface['version']): Generator<Violation> {
  if (!isFilled(value) || /^\d{1,4}\.\d{1,4}(?:\.\d{1,9})?$/.test(value)) return
  const short = /^v?(\d+)(\.\d+)?(?:\.\d+)?$/.exec(value)
  yield {
    pointer,
    code: 'version',
    message: 'must be Major.Minor, such as 1.0',
    ...(short === null ? {} : { hint: `Write ${short[1]}${short[2] ?? '.0'}` }),
  }
}

const isBinding = (text: string): boolean =>
  BINDINGS.some((name) => name === text) || /^[a-z][a-z0-9+.-]*:[^\s]+$/i.test(text)

const isCallableEntry = ({ binding, version }: DeclaredInterface): boolean =>
  isFilled(binding.value) &&
  isFilled(version.value) &&
  isCallable({ protocolBinding: binding.value, protocolVersion: version.value })
