import { agentId, newUuid } from '../src/a2a/ids.ts'
import type { Agent } from '../src/registry/agent.ts'
import { openSqlite } from '../src/storage/sqlite/open-sqlite.ts'

/** Agents written at once. */
const BATCH = 500

const WEEK_MS = 7 * 24 * 60 * 60 * 1000

export const TOPICS = [
  'weather',
  'routing',
  'invoices',
  'translation',
  'recruiting',
  'inventory',
  'contracts',
]
export const VERBS = [
  'plans',
  'checks',
  'summarises',
  'forecasts',
  'compares',
  'books',
  'cancels',
  'explains',
]
export const PLACES = ['berlin', 'lisbon', 'osaka', 'quito', 'nairobi', 'oslo', 'perth', 'boston', 'delhi']
export const CAPABILITIES = ['streaming', 'pushNotifications', 'extendedAgentCard']

/** Fills the database of a gateway that is not running with generated agents; one in twenty is restricted to its owner. */
export async function seedAgents(path: string, count: number): Promise<void> {
  await using backend = await openSqlite({ path, now: Date.now })
  for (let start = 0; start < count; start += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, count - start) }, (_, index) => start + index)
    await Promise.all(
      numbers.map((n) => backend.agents.commit({ agent: generatedAgent(n), expectedVersion: 0 })),
    )
  }
}

/** Which agents are alike follows from their numbers alone, so that every run searches the same. */
function pick(values: readonly string[], n: number, salt: number): string {
  return values[(Math.imul(n + 1, 2_654_435_761 + 2 * salt) >>> 7) % values.length] ?? ''
}

function generatedAgent(n: number): Agent {
  const card = JSON.stringify(generatedCard(n))
  const at = Date.now()
  return {
    id: agentId(newUuid()),
    slug: `agent-${n}`,
    tenant: 'default',
    owner: `corp:team-${n % 50}`,
    visibility: n % 20 === 0 ? 'restricted' : 'tenant',
    redelivery: 'at-most-once',
    version: 1,
    createdAt: at,
    updatedAt: at,
    lastHeartbeatAt: at,
    heartbeatTtlMs: WEEK_MS,
    lifecycle: 'active',
    originalCard: card,
    card,
  }
}

function generatedCard(n: number) {
  const place = pick(PLACES, n, 2)
  const skills = [0, 1, 2].map((s) => ({
    id: `${pick(TOPICS, n, s + 3)}-${pick(VERBS, n, s + 7)}`,
    name: `${pick(VERBS, n, s + 7)} ${pick(TOPICS, n, s + 3)}`,
    description: `${pick(VERBS, n, s + 11)} ${pick(TOPICS, n, s + 13)} in ${place} and ${pick(PLACES, n, s + 17)}`,
    tags: [pick(TOPICS, n, s + 19), pick(PLACES, n, s + 23)],
    examples: [`What about ${pick(TOPICS, n, s + 29)} in ${place}?`],
  }))
  return {
    name: `${pick(TOPICS, n, 1)} agent ${n}`,
    description: `An agent that ${pick(VERBS, n, 31)} things for customers in ${place}, number ${n}`,
    version: '1.0.0',
    supportedInterfaces: [
      { url: `https://agent-${n}.example/`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    ],
    provider: { organization: `Provider ${n % 997}`, url: 'https://provider.example' },
    capabilities: { [pick(CAPABILITIES, n, 37)]: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills,
  }
}
