import { type AgentHealth, type Check, HEALTH_STATES } from '../../registry/health/agent-health.ts'
import type { HealthBucket } from '../../registry/health/health-store.ts'
import { DAY_MS } from '../../registry/health/merge-buckets.ts'
import { integerIn } from './columns.ts'
import type { Connection, Row } from './connection.ts'

/** The tables of health as writes see them; every function runs inside a transaction. */
export interface HealthRows {
  put(health: AgentHealth): void
  addChecks(id: string, checks: readonly Check[]): void
  addBuckets(id: string, buckets: readonly HealthBucket[]): void
  /** As `HealthStore.compact`. */
  compact(id: string, checksBefore: number, hoursBefore: number, daysBefore: number): void
  remove(id: string): void
}

const PUT = `
  INSERT INTO agent_health (agent_id, version, health) VALUES (?, ?, ?)
  ON CONFLICT (agent_id) DO UPDATE SET version = excluded.version, health = excluded.health`

const PUT_LISTED =
  'UPDATE agent_beats SET state = ?, since = ?, latency_ms = ?, verified_at = ? WHERE agent_id = ?'

const ADD_CHECK =
  'INSERT OR REPLACE INTO health_checks (agent_id, at, kind, url, body) VALUES (?, ?, ?, ?, ?)'

const SUMS = [
  ...HEALTH_STATES.map((state) => `${state}_ms`),
  ...['checks', 'failures', 'latency_count', 'latency_sum'],
]
const COLUMNS = ['agent_id', 'span', 'begins_at', ...SUMS, 'latency_max']
const ADDING = `
  ON CONFLICT (agent_id, span, begins_at) DO UPDATE SET
    ${SUMS.map((column) => `${column} = ${column} + excluded.${column}`).join(', ')},
    latency_max = max(latency_max, excluded.latency_max)`

const ADD_BUCKET = `
  INSERT INTO health_buckets (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')}) ${ADDING}`

const FOLD = `
  INSERT INTO health_buckets (${COLUMNS.join(', ')})
  SELECT agent_id, 'day', begins_at - begins_at % ${DAY_MS}, ${[...SUMS, 'latency_max'].join(', ')}
  FROM health_buckets WHERE agent_id = ? AND span = 'hour' AND begins_at < ? ${ADDING}`

const FORGET_CHECKS = 'DELETE FROM health_checks WHERE agent_id = ? AND at < ?'
const FORGET_BUCKETS = 'DELETE FROM health_buckets WHERE agent_id = ? AND span = ? AND begins_at < ?'

export const createHealthRows = (connection: Connection): HealthRows => ({
  put(health) {
    const { agentId, version, state, since, latencyMs = null, verifiedAt = null } = health
    connection.run(PUT, agentId, version, JSON.stringify(health))
    connection.run(PUT_LISTED, state, since, latencyMs, verifiedAt, agentId)
  },
  addChecks(id, checks) {
    for (const check of checks) {
      connection.run(ADD_CHECK, id, check.at, check.kind, check.url ?? '', JSON.stringify(check))
    }
  },
  addBuckets(id, buckets) {
    for (const { span, from, ms, checks, failures, latencies } of buckets) {
      const times = HEALTH_STATES.map((state) => ms[state] ?? 0)
      const { count, sumMs, maxMs } = latencies
      connection.run(ADD_BUCKET, id, span, from, ...times, checks, failures, count, sumMs, maxMs)
    }
  },
  compact(id, checksBefore, hoursBefore, daysBefore) {
    connection.run(FORGET_CHECKS, id, checksBefore)
    connection.run(FOLD, id, hoursBefore)
    connection.run(FORGET_BUCKETS, id, 'hour', hoursBefore)
    connection.run(FORGET_BUCKETS, id, 'day', daysBefore)
  },
  remove(id) {
    for (const table of ['agent_health', 'health_checks', 'health_buckets']) {
      connection.run(`DELETE FROM ${table} WHERE agent_id = ?`, id)
    }
  },
})

export const bucketIn =
  (span: HealthBucket['span']) =>
  (row: Row): HealthBucket => {
    const times = HEALTH_STATES.map((state) => [state, integerIn(row, `${state}_ms`)] as const)
    return {
      span,
      from: integerIn(row, 'begins_at'),
      ms: Object.fromEntries(times.filter(([, ms]) => ms > 0)),
      checks: integerIn(row, 'checks'),
      failures: integerIn(row, 'failures'),
      latencies: {
        count: integerIn(row, 'latency_count'),
        sumMs: integerIn(row, 'latency_sum'),
        maxMs: integerIn(row, 'latency_max'),
      },
    }
  }
