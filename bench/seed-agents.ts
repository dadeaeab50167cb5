import { agentId, newUuid } from '../src/a2a/ids.ts'
import { openSqlite } from '../src/storage/sqlite/open-sqlite.ts'

/** Agents written at once. */
const BATCH = 500

const TOPICS = [
  'weather',
  'routing',
  'invoices',
  'translation',
  'recruiting',
  'inventory',
  'contracts',
  'energy',
]
const VERBS = ['plans', 'checks', 'summarises', 'forecasts', 'compares', 'books', 'cancels', 'explains']
const PLACES = ['berlin', 'lisbon', 'osaka', 'quito', 'nairobi', 'oslo', 'perth', 'boston', 'lima', 'delhi']
const CAPABILITIES = [{ streaming: true }, { pushNotifications: true }, {}]

/** Which agents are alike follows from the number alone, so that every run searches the same. */
const pick = <T>(values: readonly T[], n: number, salt: number): T =>
  values[(Math.imul(n + 1, 2654435761 + salt) >>> 7) % values.length] as T

/** Fills the database of a gateway that is not running with generated agents of one owner. */
export async function seedAgents(path: string, count: number): Promise<void> {
  await using backend = await openSqlite({ path, now: Date.now })
  for (let start = 0; start < count; start += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - start) }, (_, i) => generated(start + i))
    await Promise.all(batch.map((agent) => backend.agents.commit({ agent, expectedVersion: 0 })))
  }
}

function generated(n: number) {
  const now = Date.now()
  const [topic, place] = [pick(TOPICS, n, 1), pick(PLACES, n, 2)]
  const skills = [0, 1, 2].map((s) => ({
    id: `${pick(TOPICS, n, s + 3)}-${pick(VERBS, n, s + 7)}`,
    name: `${pick(VERBS, n, s + 7)} ${pick(TOPICS, n, s + 3)}`,
    description: `${pick(VERBS, n, s + 11)} ${pick(TOPICS, n, s + 13)} in ${place} and ${pick(PLACES, n, s + 17)}`,
    tags: [pick(TOPICS, n, s + 19), pick(PLACES, n, s + 23)],
    examples: [`What about ${pick(TOPICS, n, s + 29)} in ${place}?`],
  }))
  const card = {
    name: `${topic} agent ${n}`,
    description: `An agent that ${pick(VERBS, n, 31)} ${topic} for customers in ${place}, number ${n}`,
    version: '1.0.0',
    supportedInterfaces: [
      { url: `https://a${n}.example/`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    ],
    provider: { organization: `Provider ${n % 997}`, url: 'https://provider.example' },
    capabilities: pick(CAPABILITIES, n, 37),
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills,
  }
  return {
    id: agentId(newUuid()),
    slug: `agent-${n}`,
    tenant: 'default',
    owner: `corp:team-${n % 50}`,
    visibility: n % 20 === 0 ? 'restricted' : 'tenant',
    redelivery: 'at-most-once',
    version: 1,
    createdAt: now,
    updatedAt: now,
    lastHeartbeatAt: now,
    heartbeatTtlMs: 7 * 24 * 60 * 60 * 1000,
    enabled: true,
    originalCard: JSON.stringify(card),
    card: JSON.stringify(card),
  } as const
}
