import type { Agent } from '../agent.ts'
import type { HealthReason, HealthState, SelfReport } from './agent-health.ts'
import { ttlOf } from './heartbeat-times.ts'

/** How an agent is now. Times are in milliseconds since the Unix epoch. */
export type CurrentHealth = {
  readonly state: HealthState
  /** Since when it is in this state; absent while nothing was seen of the agent. */
  readonly since?: number | undefined
  /** Absent when `up` and when nothing was seen. */
  readonly reason?: HealthReason
  readonly latencyMs?: number
  /** When a probe of its owner, or a delivery, last succeeded. */
  readonly verifiedAt?: number
}

/** What was written down of an agent's health, as far as it says how the agent is. */
export type KnownHealth = CurrentHealth & { readonly report?: Pick<SelfReport, 'status' | 'reason'> }

/** What says whether heartbeats are missing. */
export type Beating = Pick<
  Agent,
  'lifecycle' | 'lastHeartbeatAt' | 'heartbeatIntervalMs' | 'heartbeatTtlMs' | 'heartbeatsDeclaredAt'
>

const MISSING = { kind: 'heartbeat', outcome: 'missing' } as const satisfies HealthReason

/** For how long a success verifies an agent. */
const VERIFIED_FOR_MS = 24 * 60 * 60 * 1000

/**
 * From when on an agent's heartbeats are missing, unless one comes. `undefined` where none is expected: of agents that never
 * beat and whose owners never said that they do, and of those that are disabled.
 */
export function heartbeatDueAt(agent: Beating): number | undefined {
  const { lifecycle, lastHeartbeatAt, heartbeatsDeclaredAt } = agent
  const from = Math.max(lastHeartbeatAt ?? 0, heartbeatsDeclaredAt ?? 0)
  return from === 0 || lifecycle === 'disabled' ? undefined : from + ttlOf(agent)
}

/**
 * How an agent is at `now`: what is known of it, unless its heartbeats say otherwise. Who beats and of whom nothing else is
 * known is `up`, or `degraded` where it says so itself; who does not beat in time is `down`. Of a disabled agent nothing is
 * known.
 */
export function currentHealth(known: KnownHealth | undefined, agent: Beating, now: number): CurrentHealth {
  if (agent.lifecycle === 'disabled') return { state: 'unknown' }
  const { latencyMs, verifiedAt } = known ?? {}
  const measured = {
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(verifiedAt === undefined ? {} : { verifiedAt }),
  }
  const seen = known?.state === 'unknown' ? undefined : known
  const dueAt = heartbeatDueAt(agent)
  if (dueAt !== undefined && now >= dueAt && seen?.state !== 'down') {
    return { state: 'down', since: dueAt, reason: MISSING, ...measured }
  }
  if (seen !== undefined) {
    const { state, since, reason } = seen
    return { state, ...(since === undefined ? {} : { since }), ...(reason && { reason }), ...measured }
  }
  const { lastHeartbeatAt } = agent
  const beats = lastHeartbeatAt !== undefined && now < lastHeartbeatAt + ttlOf(agent)
  return beats
    ? { ...byReport(known), since: lastHeartbeatAt, ...measured }
    : { state: 'unknown', ...measured }
}

/** Whether heartbeats that did not come are what an agent is not well for. */
export const isMissing = ({ reason }: Pick<CurrentHealth, 'reason'>): boolean =>
  reason?.kind === MISSING.kind && reason.outcome === MISSING.outcome

function byReport(known: KnownHealth | undefined): Pick<CurrentHealth, 'state' | 'reason'> {
  if (known?.report?.status !== 'degraded') return { state: 'up' }
  const { reason: message } = known.report
  return {
    state: 'degraded',
    reason: { kind: 'heartbeat', outcome: 'degraded', ...(message === undefined ? {} : { message }) },
  }
}

/** Whether it is worth calling. */
export const isAlive = ({ state }: Pick<CurrentHealth, 'state'>): boolean =>
  state === 'up' || state === 'degraded'

/** Whether it was seen doing what it is for, within the last 24 hours. */
export const isVerified = ({ verifiedAt }: Pick<CurrentHealth, 'verifiedAt'>, now: number): boolean =>
  verifiedAt !== undefined && now - verifiedAt < VERIFIED_FOR_MS
