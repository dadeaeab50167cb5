import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { TRANSPORTS, type Transport } from './arguments.ts'

/** One call of pytest on the kit. */
export type KitPart = { readonly name: string; readonly args: readonly string[] }

/** What the kit is to test, and where it may write reports of its own. */
export type KitTarget = {
  readonly agentUrl: string
  readonly transport: Transport
  /** A path without extension. */
  readonly report: string
}

/** A kit that was found, and what it needs. Its own files are never written to. */
export type Kit = {
  readonly version: '1.0' | '0.3'
  readonly folder: string
  /** The shape of the card it expects. */
  readonly cardProfile: 'v1' | 'v0.3'
  /** What it wants before a gRPC address on the card. */
  readonly grpcScheme: string
  /** Whether the agent has an extended card in a run over this transport. */
  readonly extendedCard: (transport: Transport) => boolean
  readonly parts: (target: KitTarget) => readonly KitPart[]
  /** Ids of tests that mean to send no credential. */
  readonly bareTests: RegExp
  /** Whether a skipped test belongs to another transport than the one asked for, so that it tells nothing. */
  readonly isElsewhere: (test: string, reason: string, transport: Transport) => boolean
  /** A test's id without the transport it was run with. */
  readonly testId: (id: string) => string
}

/** The kit in `path`, told apart by its files. Throws an `Error` for a folder that is none. */
export function findKit(path: string): Kit {
  const folder = resolve(path)
  const has = (name: string) => existsSync(join(folder, name))
  if (!has('pyproject.toml') || !/^name = "a2a-tck"$/m.test(readText(folder))) {
    throw new Error(`${folder} holds no A2A compatibility kit: a checkout of github.com/a2aproject/a2a-tck`)
  }
  if (has('tests/compatibility')) return kitForVersion1(folder)
  if (has('tests/mandatory')) return kitForVersion03(folder)
  throw new Error(`${folder} is a branch of the kit that is not known here; known are 1.0-dev and 0.3.x`)
}

const readText = (folder: string): string => readFileSync(join(folder, 'pyproject.toml'), 'utf8')

const kitForVersion1 = (folder: string): Kit => ({
  version: '1.0',
  folder,
  cardProfile: 'v1',
  grpcScheme: '',
  extendedCard: () => true,
  parts: ({ agentUrl, transport, report }) => [
    {
      name: 'compatibility',
      args: [
        'tests/compatibility',
        `--sut-host=${agentUrl}`,
        `--transport=${transport === 'rest' ? 'http_json' : transport}`,
        `--compatibility-report=${report}`,
      ],
    },
  ],
  bareTests: /(?!)/,
  isElsewhere: (test, reason, transport) => {
    const named = TRANSPORTS.filter((other) => IN_TEST_NAMES[other].test(test))
    return (named.length > 0 && !named.includes(transport)) || /not configured/.test(reason)
  },
  testId: (id) => id.replace(/[[-](?:grpc|jsonrpc|http_json)\]$/, (end) => (end[0] === '[' ? '' : ']')),
})

/** How tests are called that are about one transport. */
const IN_TEST_NAMES: Readonly<Record<Transport, RegExp>> = {
  jsonrpc: /[[_/-]jsonrpc\b|JsonRpc/,
  rest: /[[_/-](?:rest|http_json)\b|Rest|HttpJson/,
  grpc: /[[_/-]grpc\b|Grpc/,
}

/** Its categories `mandatory` and `capabilities`, selected as its own `run_tck.py` does. */
const kitForVersion03 = (folder: string): Kit => ({
  version: '0.3',
  folder,
  cardProfile: 'v0.3',
  grpcScheme: 'http://',
  // Over REST this kit asks the host's root for it, whatever address the card gives; over gRPC it cannot read one that
  // has security schemes.
  extendedCard: (transport) => transport === 'jsonrpc',
  parts: ({ agentUrl, transport }) => {
    const common = [`--sut-url=${agentUrl}`, '--test-scope=all', `--transports=${transport}`]
    const mandatory =
      transport === 'jsonrpc'
        ? ['tests/mandatory', '-m', 'mandatory_jsonrpc or mandatory_protocol']
        : ['tests/mandatory/protocol', '-m', 'mandatory_protocol']
    return [
      { name: 'mandatory', args: [...mandatory, ...common] },
      { name: 'capabilities', args: ['tests/optional/capabilities', ...common] },
    ]
  },
  bareTests: /::test_(?:missing_authentication|authentication_error_codes|\w+_without_auth)$/,
  isElsewhere: (_test, reason) => /^Test specific to |only applicable to JSON-RPC transport/.test(reason),
  testId: (id) => id,
})
