import type { AgentId } from '../../a2a/ids.ts'
import type { AgentHealth, Check } from '../../registry/health/agent-health.ts'
import type { HealthBucket, HealthCommit } from '../../registry/health/health-store.ts'
import { T0 } from './sample-task.ts'

export const sampleCheck = (changes: Partial<Check> = {}): Check => ({
  kind: 'interface',
  outcome: 'ok',
  at: T0,
  latencyMs: 12.5,
  url: 'https://agent.example/a2a',
  ...changes,
})

export const sampleHealth = (agentId: AgentId, changes: Partial<AgentHealth> = {}): AgentHealth => ({
  agentId,
  tenant: 'default',
  version: 1,
  state: 'degraded',
  since: T0,
  reason: { kind: 'card', outcome: 'dns', message: 'No such "höst"' },
  checks: [sampleCheck(), sampleCheck({ kind: 'card', outcome: 'dns' })],
  report: { at: T0, status: 'ok', load: 0.25, dependencies: { 'data base': 'up' } },
  latencyMs: 12.5,
  verifiedAt: T0 - 5,
  accountedAt: T0,
  streak: 1,
  changedAt: [T0],
  ...changes,
})

/** When the sample's hour began. */
export const HOUR = T0 - (T0 % 3_600_000)

export const sampleBucket = (changes: Partial<HealthBucket> = {}): HealthBucket => ({
  span: 'hour',
  from: HOUR,
  ms: { up: 1000, down: 20 },
  checks: 3,
  failures: 1,
  latencies: { count: 2, sumMs: 30.5, maxMs: 20.25 },
  ...changes,
})

export const healthCommit = (health: AgentHealth, more: Partial<HealthCommit> = {}): HealthCommit => ({
  health,
  expectedVersion: health.version - 1,
  checks: [],
  buckets: [],
  ...more,
})
