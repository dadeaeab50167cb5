import type { Violation } from '../../errors.ts'

/** How long a heartbeat counts of an agent whose owner says nothing, in milliseconds. */
const DEFAULT_TTL_MS = 300_000
/** Heartbeats that come in time for one that is late, and one that is lost. */
const BEATS_PER_TTL = 3

const WEEK_MS = 7 * 24 * 60 * 60 * 1000

/** Bounds of what owners may say, in milliseconds. */
export const INTERVAL_BOUNDS = { minimum: 100, maximum: WEEK_MS } as const
export const TTL_BOUNDS = { minimum: 1000, maximum: WEEK_MS } as const

/** What an owner said of an agent's heartbeats, in milliseconds; either follows from the other. */
export type HeartbeatTimes = {
  /** How often it beats. */
  readonly heartbeatIntervalMs?: number | undefined
  /** How long a heartbeat counts. */
  readonly heartbeatTtlMs?: number | undefined
}

export const ttlOf = ({ heartbeatIntervalMs, heartbeatTtlMs }: HeartbeatTimes): number =>
  heartbeatTtlMs ?? (heartbeatIntervalMs === undefined ? DEFAULT_TTL_MS : BEATS_PER_TTL * heartbeatIntervalMs)

export const intervalOf = (times: HeartbeatTimes): number =>
  times.heartbeatIntervalMs ?? Math.floor(ttlOf(times) / BEATS_PER_TTL)

/** What is wrong with two times together; the pointers are to members of what was sent. */
export function timesViolations(times: HeartbeatTimes): readonly Violation[] {
  const { heartbeatIntervalMs } = times
  const ttlMs = ttlOf(times)
  if (heartbeatIntervalMs === undefined || ttlMs >= heartbeatIntervalMs) return []
  const message = `must be at least heartbeatIntervalMs, which is ${heartbeatIntervalMs}: every heartbeat would come too late`
  return [{ pointer: '/heartbeatTtlMs', code: 'range', message, hint: 'Three times the interval is usual' }]
}
