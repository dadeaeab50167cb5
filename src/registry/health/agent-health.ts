import type { AgentId } from '../../a2a/ids.ts'

export const HEALTH_STATES = ['up', 'degraded', 'down', 'unknown'] as const
/**
 * How an agent is: it does what it should (`up`), does some of it (`degraded`) or none (`down`), or nothing was seen of it
 * (`unknown`).
 */
export type HealthState = (typeof HEALTH_STATES)[number]

export const CHECK_KINDS = ['card', 'interface', 'task', 'delivery', 'heartbeat'] as const
/**
 * By what something was seen of an agent: its card was fetched, an interface was asked for a task that there is not,
 * the probe of its owner was sent, a client's message was delivered, or the agent said how it is (or did not, in time).
 */
export type CheckKind = (typeof CHECK_KINDS)[number]

export const CHECK_OUTCOMES = [
  'ok',
  'dns',
  'unreachable',
  'tls',
  'timeout',
  'auth',
  'wrong-version',
  'bad-shape',
  'card-drift',
  'error',
  'unexpected',
  'missing',
  'forbidden',
  'degraded',
] as const
/**
 * What came of a check. `error`: the agent answered with an error of its own; `unexpected`: with something else than
 * its owner said it would; `missing`: a heartbeat that did not come; `forbidden`: our own rules forbid the address;
 * `degraded`: the agent itself says, with a heartbeat, that it is.
 */
export type CheckOutcome = (typeof CHECK_OUTCOMES)[number]

/** One look at an agent. Times are in milliseconds since the Unix epoch. */
export type Check = {
  readonly kind: CheckKind
  readonly outcome: CheckOutcome
  readonly at: number
  /** How long the agent took, in milliseconds. */
  readonly latencyMs?: number
  /** The URL of the interface that was asked; absent where a kind has one subject. */
  readonly url?: string
  /** For people, without a secret; what the agent itself said in it is untrusted. */
  readonly message?: string
  /** What came with a heartbeat. */
  readonly report?: SelfReport
}

/** Why an agent is not `up`: the check that decided. */
export type HealthReason = Pick<Check, 'kind' | 'outcome' | 'message' | 'url'>

/** What an agent said of itself with a heartbeat. */
export type SelfReport = {
  readonly at: number
  readonly status: 'ok' | 'degraded'
  readonly reason?: string
  /** From 0, which is idle, to 1. */
  readonly load?: number
  /** What it depends on, by name. */
  readonly dependencies?: Readonly<Record<string, 'up' | 'degraded' | 'down'>>
}

/** What is known of an agent's health, as it was last written down. */
export type AgentHealth = {
  readonly agentId: AgentId
  readonly tenant: string
  /** Grows by one with every commit. */
  readonly version: number
  readonly state: HealthState
  /** Since when it is in this state. */
  readonly since: number
  /** Absent when `up` and when nothing was seen. */
  readonly reason?: HealthReason
  /** The last check of each kind and URL, without reports. */
  readonly checks: readonly Check[]
  /** The last that came. */
  readonly report?: SelfReport
  /** A smoothed latency of calls, in milliseconds. */
  readonly latencyMs?: number
  /** When a probe of its owner, or a delivery, last succeeded. */
  readonly verifiedAt?: number
  /** Up to when the time in states is accounted for in the history. */
  readonly accountedAt: number
  /** Consecutive rounds of checks that were better than the state or, below 0, worse; what damps flapping. */
  readonly streak: number
  /** When the state last changed, the newest last; only of the last hour. */
  readonly changedAt: readonly number[]
  /** When its history was last compacted. */
  readonly compactedAt?: number
}
