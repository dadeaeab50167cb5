import assert from 'node:assert/strict'
import { startAgent } from '../../examples/scenario-agent/agent.ts'
import { startParley } from '../e2e/parley-process.ts'
import { native } from '../e2e/rpc.ts'
import { newKey, register } from '../e2e/world.ts'

type GatewayOptions = {
  readonly backend: 'memory' | 'sqlite'
  /** One gRPC listener each: the slug of its default agent, or empty for none. */
  readonly listeners: readonly string[]
}

/** The whole program as a process. */
export type Gateway = AsyncDisposable & {
  readonly url: string
  /** `host:port` of each gRPC listener. */
  readonly grpc: readonly string[]
  /** The secret of a new key of `subject`, with every scope a client needs, or with these. */
  key(subject: string, scopes?: readonly string[]): Promise<string>
  /** Registers an agent, as everybody's unless told otherwise, and returns its id. */
  register(slug: string, card: unknown, visibility?: 'tenant' | 'restricted'): Promise<string>
  /** The card that the gateway publishes in the agent's place. */
  card(slug: string): Promise<unknown>
}

export async function openGateway({ backend, listeners }: GatewayOptions): Promise<Gateway> {
  await using opened = new AsyncDisposableStack()
  const grpc = listeners.map((agent) => (agent === '' ? '0' : `0=${agent}`)).join(',')
  const env = { PARLEY_BACKEND: backend, PARLEY_GRPC: grpc }
  const parley = opened.use(await startParley({ env }))
  const running = opened.move()
  return {
    url: parley.url,
    grpc: parley.grpc,
    key: (subject, scopes) => newKey(parley, subject, scopes),
    register: (slug, card, visibility = 'tenant') => register(parley, card, { slug, visibility }),
    async card(slug) {
      const url = `${parley.url}/a2a/${slug}/.well-known/agent-card.json`
      const reply = await native(parley.adminKey, 'GET', url)
      assert.equal(reply.status, 200, reply.text)
      return reply.body
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** The scenario agent as a server of this process, in every form. */
export const openAgent = () =>
  startAgent({
    port: 0,
    streaming: true,
    crash: () => {
      throw new Error('no case asks for a crash')
    },
  })
