import { BINDINGS, type DeclaredInterface, isCallable } from '../../a2a/agent-card.ts'
import { isObject, type JsonObject } from '../../a2a/json-object.ts'
import { declaredInterfaces } from '../../a2a/v0_3/agent-card.ts'
import { VERSIONS } from '../../a2a/version.ts'
import type { Violation } from '../../errors.ts'
import { grpcAddressProblem, isSameGrpcAddress } from '../grpc-address.ts'
import { httpUrlProblem, isBelow } from '../http-url.ts'
import { agentsBase } from '../invoke-url.ts'
import type { PublicAddresses } from '../public-addresses.ts'

/**
 * What a 1.0 card must hold beyond its schema. Each rule looks only at members that have their proper type: the
 * others are the schema's to report, so that one call finds every problem.
 */
export const cardRules = (card: JsonObject, own: PublicAddresses | undefined): readonly Violation[] => [
  ...sharedRules(card),
  ...interfaceRules(interfacesOf(card), own, '/supportedInterfaces'),
]

/** The same for a card of 0.3, with pointers into that. */
export const legacyCardRules = (card: JsonObject, own: PublicAddresses | undefined): readonly Violation[] => [
  ...sharedRules(card),
  ...interfaceRules(declaredInterfaces(card), own, '/protocolVersion'),
]

function sharedRules(card: JsonObject): readonly Violation[] {
  return [
    ...nameRules('/name', card.name),
    ...nameRules('/version', card.version),
    ...skillRules(card.skills),
  ]
}

function interfacesOf(card: JsonObject): readonly DeclaredInterface[] {
  return entriesOf(card.supportedInterfaces, '/supportedInterfaces').map(({ pointer, value }) => ({
    url: { pointer: `${pointer}/url`, value: value.url },
    binding: { pointer: `${pointer}/protocolBinding`, value: value.protocolBinding },
    version: { pointer: `${pointer}/protocolVersion`, value: value.protocolVersion },
  }))
}

/** Lists that are longer are refused for that. */
const MAX_JUDGED = 1000

const entriesOf = (entries: unknown, pointer: string) =>
  (Array.isArray(entries) ? entries.slice(0, MAX_JUDGED) : []).flatMap((value: unknown, index) =>
    isObject(value) ? [{ pointer: `${pointer}/${index}`, value }] : [],
  )

function interfaceRules(
  interfaces: readonly DeclaredInterface[],
  own: PublicAddresses | undefined,
  whole: string,
): readonly Violation[] {
  // In 0.3 the version is the whole card's, and is judged once.
  const versions = new Set(interfaces.map(({ version }) => version))
  const found = [
    ...interfaces.flatMap((declared) => [...urlRules(declared, own), ...bindingRules(declared.binding)]),
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

function* urlRules(
  { url, binding }: DeclaredInterface,
  own: PublicAddresses | undefined,
): Generator<Violation> {
  if (!isFilled(url.value)) return
  const isGrpc = binding.value === 'GRPC'
  const problem = isGrpc ? grpcAddressProblem(url.value) : httpUrlProblem(url.value)
  if (problem !== undefined) yield { pointer: url.pointer, code: 'url', message: problem }
  if (own !== undefined && leadsBack(url.value, isGrpc, own)) {
    yield { pointer: url.pointer, code: 'loop', message: 'must not lead back to this gateway' }
  }
}

const leadsBack = (url: string, isGrpc: boolean, own: PublicAddresses): boolean =>
  isBelow(url, agentsBase(own.http)) ||
  (isGrpc && own.grpc.some((listener) => isSameGrpcAddress(url, listener.url)))

function* bindingRules({ pointer, value }: DeclaredInterface['binding']): Generator<Violation> {
  if (!isFilled(value) || isBinding(value)) return
  const known = BINDINGS.find((name) => name === value.toUpperCase())
  yield {
    pointer,
    code: 'unknown_binding',
    message: `must be one of ${BINDINGS.join(', ')}, or a URI for a custom binding`,
    ...(known === undefined ? {} : { hint: `Write ${known}` }),
  }
}

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

function skillRules(skills: unknown): readonly Violation[] {
  const seen = new Map<unknown, string>()
  return entriesOf(skills, '/skills').flatMap(({ pointer, value }) => {
    const first = seen.get(value.id)
    if (isFilled(value.id) && first === undefined) seen.set(value.id, pointer)
    const duplicate: Violation = {
      pointer: `${pointer}/id`,
      code: 'duplicate',
      message: `is already the id of ${first}`,
    }
    return [
      ...nameRules(`${pointer}/id`, value.id),
      ...(first === undefined ? [] : [duplicate]),
      ...nameRules(`${pointer}/name`, value.name),
    ]
  })
}

/** Names are shown beside other agents' names: they must be visible and must not change how others are shown. */
function* nameRules(pointer: string, text: unknown): Generator<Violation> {
  if (!isFilled(text)) return
  if (text.trim() === '') yield { pointer, code: 'blank', message: 'must not be blank' }
  // Control, format (bidirectional, zero-width, tags), surrogate, line and paragraph separator characters.
  const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.exec(text)?.[0].codePointAt(0)
  if (unsafe === undefined) return
  const name = `U+${unsafe.toString(16).toUpperCase().padStart(4, '0')}`
  yield { pointer, code: 'unsafe_character', message: `must not contain the invisible character ${name}` }
}

const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== ''
