import type { AgentHealth, Check } from './agent-health.ts'
import type { HealthBucket } from './health-store.ts'
import { isBad, isCall } from './judge-checks.ts'
import { HOUR_MS } from './merge-buckets.ts'

/** An agent that nothing was seen of for longer was not watched. */
const MAX_UNWATCHED_MS = 2 * HOUR_MS

/**
 * The time since it was last accounted for, in the state the agent was in, an hour each. Nothing when the clock went
 * back, and when nobody watched.
 */
export function timeBuckets(
  { state, accountedAt }: Pick<AgentHealth, 'state' | 'accountedAt'>,
  now: number,
): readonly HealthBucket[] {
  if (now - accountedAt > MAX_UNWATCHED_MS) return []
  const buckets: HealthBucket[] = []
  for (let from = accountedAt; from < now; ) {
    const hour = hourOf(from)
    const until = Math.min(now, hour + HOUR_MS)
    buckets.push({ ...EMPTY, from: hour, ms: { [state]: until - from } })
    from = until
  }
  return buckets
}

/** What a round of checks adds to its hour. */
export function checkBucket(checks: readonly Check[], now: number): HealthBucket {
  const latencies = checks.flatMap((check) => callLatency(check) ?? [])
  return {
    ...EMPTY,
    from: hourOf(now),
    checks: checks.length,
    failures: checks.filter(isBad).length,
    latencies: {
      count: latencies.length,
      sumMs: latencies.reduce((sum, ms) => sum + ms, 0),
      maxMs: Math.max(0, ...latencies),
    },
  }
}

/** How long a call took that did what it should. */
export const callLatency = (check: Check): number | undefined =>
  isCall(check) && !isBad(check) ? check.latencyMs : undefined

const hourOf = (at: number): number => Math.floor(at / HOUR_MS) * HOUR_MS

const EMPTY: HealthBucket = {
  span: 'hour',
  from: 0,
  ms: {},
  checks: 0,
  failures: 0,
  latencies: { count: 0, sumMs: 0, maxMs: 0 },
}
