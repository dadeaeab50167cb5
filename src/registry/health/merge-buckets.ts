import { HEALTH_STATES } from './agent-health.ts'
import type { HealthBucket } from './health-store.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/** What happened in both, which are of the same time. */
export function addBuckets(a: HealthBucket, b: HealthBucket): HealthBucket {
  const times = HEALTH_STATES.map((state) => [state, (a.ms[state] ?? 0) + (b.ms[state] ?? 0)] as const)
  return {
    span: a.span,
    from: a.from,
    ms: Object.fromEntries(times.filter(([, ms]) => ms > 0)),
    checks: a.checks + b.checks,
    failures: a.failures + b.failures,
    latencies: {
      count: a.latencies.count + b.latencies.count,
      sumMs: a.latencies.sumMs + b.latencies.sumMs,
      maxMs: Math.max(a.latencies.maxMs, b.latencies.maxMs),
    },
  }
}

/** One bucket for each span and beginning, in the order of these. */
export function mergeBuckets(buckets: readonly HealthBucket[]): readonly HealthBucket[] {
  const merged = new Map<string, HealthBucket>()
  for (const bucket of buckets) {
    const key = `${bucket.span} ${bucket.from}`
    const known = merged.get(key) ?? NOTHING
    merged.set(key, addBuckets({ ...known, span: bucket.span, from: bucket.from }, bucket))
  }
  return [...merged.values()].sort((a, b) => (a.span === b.span ? a.from - b.from : a.span < b.span ? 1 : -1))
}

/** The bucket as part of its UTC day. */
export const asDay = (bucket: HealthBucket): HealthBucket => ({
  ...bucket,
  span: 'day',
  from: Math.floor(bucket.from / DAY_MS) * DAY_MS,
})

const NOTHING: Omit<HealthBucket, 'span' | 'from'> = {
  ms: {},
  checks: 0,
  failures: 0,
  latencies: { count: 0, sumMs: 0, maxMs: 0 },
}
