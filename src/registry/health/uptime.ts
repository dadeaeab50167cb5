import type { HealthBucket } from './health-store.ts'
import { DAY_MS } from './merge-buckets.ts'

/** What uptime is told of, in milliseconds. */
export const UPTIME_WINDOWS = { '24h': DAY_MS, '7d': 7 * DAY_MS, '30d': 30 * DAY_MS } as const
export type UptimeWindow = keyof typeof UPTIME_WINDOWS

/** From 0 to 1; `null` where nobody watched. */
export type Uptime = Readonly<Record<UptimeWindow, number | null>>

/** The share of the time in which the agent was seen at all that it was `up` or `degraded`. */
export function uptimeOf(buckets: readonly Pick<HealthBucket, 'ms'>[]): number | null {
  const sum = (state: 'up' | 'degraded' | 'down') =>
    buckets.reduce((total, { ms }) => total + (ms[state] ?? 0), 0)
  const alive = sum('up') + sum('degraded')
  const watched = alive + sum('down')
  return watched === 0 ? null : Math.round((alive / watched) * 10_000) / 10_000
}

/** The same of the hours that began within each window before `now`. */
export function uptimeBefore(hours: readonly HealthBucket[], now: number): Uptime {
  const within = (window: UptimeWindow) =>
    uptimeOf(hours.filter(({ from }) => from >= now - UPTIME_WINDOWS[window]))
  return { '24h': within('24h'), '7d': within('7d'), '30d': within('30d') }
}
