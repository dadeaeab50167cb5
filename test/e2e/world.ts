import assert from 'node:assert/strict'
import { textAt } from './json-path.ts'
import { type ParleyOptions, type ParleyProcess, startParley } from './parley-process.ts'
import { type Endpoint, native } from './rpc.ts'
import { type ScenarioAgent, startScenarioAgent } from './scenario-agent-process.ts'

const CLIENT_SCOPES = ['tasks:submit', 'tasks:read', 'tasks:cancel', 'agents:read']

/** Parley with the scenario agent registered as `scenario`, both as real processes. */
export type World = AsyncDisposable & {
  readonly parley: ParleyProcess
  readonly agent: ScenarioAgent
  /** A key of a new or known subject, as an endpoint of the scenario agent. */
  client(subject: string, scopes?: readonly string[]): Promise<Required<Endpoint>>
}

export async function startWorld(
  options: ParleyOptions & { readonly registration?: Readonly<Record<string, unknown>> } = {},
): Promise<World> {
  await using opened = new AsyncDisposableStack()
  const parley = opened.use(await startParley(options))
  const agent = opened.use(await startScenarioAgent())
  await register(parley, agent.card, { slug: 'scenario', ...options.registration })
  const keep = opened.move()
  return {
    parley,
    agent,
    client: (subject, scopes) => newClient(parley, 'scenario', subject, scopes),
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  }
}

/** Registers a card as the admin and returns the agent's id. */
export async function register(
  parley: ParleyProcess,
  card: unknown,
  more: Readonly<Record<string, unknown>>,
): Promise<string> {
  const reply = await native(parley.adminKey, 'POST', `${parley.url}/agents/register`, { card, ...more })
  assert.equal(reply.status, 201, reply.text)
  return textAt(reply.body, 'id')
}

export async function newKey(
  parley: ParleyProcess,
  subject: string,
  scopes: readonly string[] = CLIENT_SCOPES,
): Promise<string> {
  const reply = await native(parley.adminKey, 'POST', `${parley.url}/keys`, {
    subject,
    scopes,
    label: subject,
  })
  assert.ok(reply.status === 200 || reply.status === 201, reply.text)
  return textAt(reply.body, 'secret')
}

export async function newClient(
  parley: ParleyProcess,
  slug: string,
  subject: string,
  scopes?: readonly string[],
): Promise<Required<Endpoint>> {
  return { url: `${parley.url}/a2a/${slug}`, key: await newKey(parley, subject, scopes) }
}
