import { sendBroken } from './broken-body.ts'
import type { Caller, CauseWorld, Slug } from './describe-causes.ts'
import { type Gateway, openAgent, openGateway } from './gateway.ts'
import { rawTasksClient } from './raw-tasks-client.ts'
import { connect } from './sdk-client.ts'
import { sdkTasksClient } from './sdk-tasks-client.ts'
import type { World } from './tasks-client.ts'
import type { Way } from './ways.ts'

/** The agents of the gRPC listeners, in their order; the last has none. */
const SLUGS: readonly Slug[] = ['scenario', 'picky', 'hidden', 'absent', 'nobody']
const LISTENERS = SLUGS.map((slug) => (slug === 'nobody' ? '' : slug))

/** One gateway for all ways into it: they are told apart by their clients only. */
export type Worlds = AsyncDisposable &
  CauseWorld & {
    /** The card that the gateway publishes for the scenario agent. */
    readonly card: unknown
    /** JSON-RPC of 1.0 without a client library. */
    raw(): World
    through(way: Way): World
  }

export async function openWorlds(backend: 'memory' | 'sqlite'): Promise<Worlds> {
  await using opened = new AsyncDisposableStack()
  const agent = opened.use(await openAgent())
  const gateway = opened.use(await openGateway({ backend, listeners: LISTENERS }))
  await gateway.register('scenario', agent.card)
  await gateway.register('hidden', agent.card, 'restricted')
  await gateway.register('picky', pickyCard(agent.card))
  const scenario = await gateway.card('scenario')
  const cards = {
    scenario,
    picky: await gateway.card('picky'),
    hidden: await gateway.card('hidden'),
    absent: cardOfNobody(gateway, 'absent'),
    nobody: cardOfNobody(gateway, 'nobody'),
  }
  const running = opened.move()

  let count = 0
  const newSubject = () => `key:somebody-${++count}`
  const raw = async (subject: string) =>
    rawTasksClient({ url: `${gateway.url}/a2a/scenario`, key: await gateway.key(subject) })
  const none = async () => {}
  return {
    card: scenario,
    raw: () => ({ client: raw, witness: raw, [Symbol.asyncDispose]: none }),
    through: (way) => ({
      client: async (subject) =>
        sdkTasksClient(await connect(scenario, way, { key: await gateway.key(subject) }), way),
      witness: raw,
      [Symbol.asyncDispose]: none,
    }),
    async connect(way, caller: Caller = {}) {
      const { slug = 'scenario', card = cards[slug], scopes, key, headers = {} } = caller
      const secret = key === undefined ? await gateway.key(newSubject(), scopes) : key
      return connect(card, way, { ...(secret === null ? {} : { key: secret }), headers })
    },
    sendBroken: async (way) => sendBroken(scenario, way, await gateway.key(newSubject())),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** The scenario agent, asking for an extension that nobody has, and without an extended card. */
const pickyCard = (card: { readonly capabilities: object }): object => ({
  ...card,
  capabilities: {
    ...card.capabilities,
    extendedAgentCard: false,
    extensions: [{ uri: 'https://example.com/extensions/needed', required: true }],
  },
})

/** Where the agent would be, if there were one: what an old copy of its card would say. */
const cardOfNobody = ({ url, grpc }: Gateway, slug: Slug): object => ({
  name: slug,
  supportedInterfaces: ['1.0', '0.3'].flatMap((protocolVersion) => [
    { protocolVersion, protocolBinding: 'JSONRPC', url: `${url}/a2a/${slug}` },
    { protocolVersion, protocolBinding: 'HTTP+JSON', url: `${url}/a2a/${slug}` },
    { protocolVersion, protocolBinding: 'GRPC', url: grpc[SLUGS.indexOf(slug)] },
  ]),
})
