import type { Agent } from '../agent.ts'
import type { AgentHealth, Check, HealthState } from './agent-health.ts'
import type { HealthBucket } from './health-store.ts'

/** What follows from what was seen. */
export type Evolved = {
  readonly health: AgentHealth
  /** For the history: the time that passed, and the checks. */
  readonly buckets: readonly HealthBucket[]
}

/** What is known of an agent's health once it was looked at. `previous` is what was known before. */
export function evolveHealth(
  previous: AgentHealth | undefined,
  agent: Pick<Agent, 'id' | 'tenant'>,
  checks: readonly Check[],
  now: number,
): Evolved {
  const latest = latestOf([...(previous?.checks ?? []), ...checks])
  const bad = latest.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'card-drift')
  const state: HealthState =
    latest.length === 0
      ? 'unknown'
      : bad.length === 0
        ? 'up'
        : bad.length < latest.length
          ? 'degraded'
          : 'down'
  const [reason] = bad
  const report = checks.findLast((check) => check.report !== undefined)?.report ?? previous?.report
  const verified = checks.findLast(({ kind, outcome }) => outcome === 'ok' && /^(task|delivery)$/.test(kind))
  const verifiedAt = verified?.at ?? previous?.verifiedAt
  const latencyMs =
    checks.findLast((check) => check.latencyMs !== undefined)?.latencyMs ?? previous?.latencyMs
  return {
    health: {
      agentId: agent.id,
      tenant: agent.tenant,
      version: (previous?.version ?? 0) + 1,
      state,
      since: previous?.state === state ? previous.since : now,
      ...(reason === undefined ? {} : { reason }),
      checks: latest,
      ...(report === undefined ? {} : { report }),
      ...(latencyMs === undefined ? {} : { latencyMs }),
      ...(verifiedAt === undefined ? {} : { verifiedAt }),
      accountedAt: now,
      streak: 0,
      changedAt: [],
    },
    buckets: [],
  }
}

const latestOf = (checks: readonly Check[]): readonly Check[] => [
  ...new Map(checks.map((check) => [`${check.kind} ${check.url}`, check])).values(),
]
