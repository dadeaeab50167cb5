import { once } from 'node:events'
import { createServer } from 'node:net'
import { type ParleyProcess, startParley } from '../../test/e2e/parley-process.ts'
import { startScenarioAgent } from '../../test/e2e/scenario-agent-process.ts'
import { newKey, register } from '../../test/e2e/world.ts'
import type { Agent, Transport } from './arguments.ts'
import type { Kit } from './kit.ts'

const SLUG = 'scenario'

/** Parley with the scenario agent behind it, as real processes set up as a kit needs them. */
export type Subject = AsyncDisposable & {
  /** Where the kit finds the agent: its A2A URL on the gateway. */
  readonly agentUrl: string
  /** A credential that may do what A2A offers, for this agent. */
  readonly key: string
}

/**
 * @param agent the version of A2A that Parley speaks to the agent, over JSON-RPC.
 * @param transport what the kit will use; a card without it is an error, because the kit would skip its tests.
 */
export async function startSubject(kit: Kit, agent: Agent, transport: Transport): Promise<Subject> {
  await using opened = new AsyncDisposableStack()
  const scenario = opened.use(await startScenarioAgent())
  const card = await cardOf(`${scenario.url}/forms/${agent}/jsonrpc`)
  const parley = opened.use(await startParley({ env: await settings(kit) }))
  const registered = kit.extendedCard(transport) ? card : withoutExtendedCard(card)
  await register(parley, registered, { slug: SLUG, cardProfile: kit.cardProfile })
  const key = await newKey(parley, 'conformance')
  await assertServed(kit, parley, key, transport)
  const keep = opened.move()
  return {
    agentUrl: `${parley.url}/a2a/${SLUG}`,
    key,
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  }
}

/** The kits name no agent in a gRPC call, and one reads the card at the host's root only. */
async function settings(kit: Kit): Promise<Readonly<Record<string, string>>> {
  const port = await freePort()
  return {
    PARLEY_GRPC: `127.0.0.1:${port}=${SLUG}`,
    PARLEY_GRPC_PUBLIC_URL: `${kit.grpcScheme}127.0.0.1:${port}`,
    PARLEY_ROOT_AGENT: SLUG,
  }
}

async function cardOf(base: string): Promise<object> {
  const answer = await fetch(`${base}/.well-known/agent-card.json`)
  if (!answer.ok) throw new Error(`The agent serves no card at ${base}: ${answer.status}`)
  const card: unknown = await answer.json()
  if (typeof card === 'object' && card !== null) return card
  throw new Error(`The agent's card at ${base} is no object`)
}

/** A card of either version. */
const withoutExtendedCard = (card: object): object => ({
  ...card,
  ...('supportsAuthenticatedExtendedCard' in card && { supportsAuthenticatedExtendedCard: false }),
  ...('capabilities' in card && { capabilities: { ...Object(card.capabilities), extendedAgentCard: false } }),
})

const BINDINGS = { jsonrpc: 'JSONRPC', rest: 'HTTP+JSON', grpc: 'GRPC' } as const

async function assertServed(
  kit: Kit,
  parley: ParleyProcess,
  key: string,
  transport: Transport,
): Promise<void> {
  const base = kit.version === '0.3' ? parley.url : `${parley.url}/a2a/${SLUG}`
  const answer = await fetch(`${base}/.well-known/agent-card.json`, {
    headers: { Authorization: `Bearer ${key}` },
  })
  const text = await answer.text()
  if (answer.ok && text.includes(`"${BINDINGS[transport]}"`)) return
  throw new Error(`${base} serves no card that names ${BINDINGS[transport]}: ${answer.status} ${text}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new TypeError('The server has no TCP address.')
  return address.port
}
