import { randomBytes } from 'node:crypto'
import { newUuid } from '../a2a/ids.ts'
import type { Access } from '../access/access.ts'
import { createAccess } from '../access/create-access.ts'
import { openCredentials } from '../access/credentials/open-credentials.case.ts'
import { createCursors } from '../access/page-cursor.ts'
import { type Call, type Principal, SCOPES, type Scope } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import { openMemory } from '../storage/memory/open-memory.ts'
import { silentEvents } from '../telemetry/events.ts'
import type { WorkQueue } from '../work/work-queue.ts'
import type { AgentStore } from './agent-store.ts'
import { cardDeps } from './card-deps.case.ts'
import { createRegistry, type RegistryDeps } from './create-registry.ts'
import { createHealth } from './health/create-health.ts'
import type { Health } from './health/health.ts'
import type { Registry } from './registry.ts'

/** A registry on the memory backend, for tests of this room. */
export type OpenRegistry = {
  readonly registry: Registry
  readonly access: Access
  readonly agents: AgentStore
  readonly health: Health
  readonly work: WorkQueue
  /** Everything that is kept. */
  readonly backend: Awaited<ReturnType<typeof openMemory>>
  readonly clock: { now: number }
  /** Cards that publishers serve, by URL. */
  readonly served: Map<string, string>
  /** Business events, in words. */
  readonly log: string[]
}

/**
 * What is another than usual; `wrap` comes between the registry and its store, `wrapHealth` between it and what is
 * known of health.
 */
type Unusual = Partial<RegistryDeps> & {
  readonly wrap?: (agents: AgentStore) => AgentStore
  readonly wrapHealth?: (health: Health) => Health
}

export async function openRegistry({
  wrap = (agents) => agents,
  wrapHealth = (health) => health,
  ...deps
}: Unusual = {}): Promise<OpenRegistry> {
  const backend = await openMemory()
  const { agents, keys, credentials, health: store, work } = backend
  const clock = { now: 1_700_000_000_000 }
  const now = () => clock.now
  const served = new Map<string, string>()
  const log: string[] = []
  const events = {
    ...silentEvents,
    agentRegistered: ({ slug, principal, created }: { slug: string; principal: string; created: boolean }) =>
      log.push(`${created ? 'created' : 'updated'} ${slug} by ${principal}`),
    agentUnregistered: ({ principal }: { principal: string }) => log.push(`removed by ${principal}`),
  }
  const cursors = createCursors(Buffer.alloc(32, 7))
  const access = createAccess({ keys, now, newId: newUuid, events, randomBytes, cursors })
  const health = createHealth({ store, now, events })
  const registry = createRegistry({
    health: wrapHealth(health),
    credentials: openCredentials(credentials).credentials,
    agents: wrap(agents),
    work,
    access,
    cards: {
      async fetchCard(url) {
        const text = served.get(url)
        if (text === undefined) throw new ParleyError('agent_unavailable', 'No card there')
        return { url, text, origin: new URL(url).origin }
      },
    },
    now,
    newId: newUuid,
    events,
    addresses: () => ({ http: 'https://gw.example/', grpc: [] }),
    cursors,
    ...cardDeps,
    ...deps,
  })
  return { registry, access, agents, health, work, backend, clock, served, log }
}

export const callBy = (principal: Principal): Call => ({
  principal,
  requestId: 'r1',
  signal: new AbortController().signal,
})

const ALL_BUT_ADMIN = SCOPES.filter((scope) => scope !== 'admin')

/** A call by a principal of the default tenant with every scope but `admin`. */
export const as = (subject: string, facts: Partial<Principal> = {}): Call =>
  callBy({ tenant: 'default', subject, groups: [], scopes: new Set<Scope>(ALL_BUT_ADMIN), ...facts })

export const cardValue = {
  name: 'Echo agent',
  description: 'Echoes',
  version: '1.2.3',
  supportedInterfaces: [
    { url: 'https://agent.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
  ],
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'echo', name: 'Echo', description: 'Says it again', tags: ['demo'] }],
}

export const cardText = (facts: object = {}): string => JSON.stringify({ ...cardValue, ...facts })

/** The same agent at another address. */
export const cardAt = (url: string, facts: object = {}): string =>
  cardText({ supportedInterfaces: [{ ...cardValue.supportedInterfaces[0], url }], ...facts })
