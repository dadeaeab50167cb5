import type { Check, HealthState } from '../registry/health/agent-health.ts'
import type { CurrentHealth } from '../registry/health/current-health.ts'
import type { RuleCondition } from './rule.ts'

/** What a rule is judged by. Times are in milliseconds since the Unix epoch. */
export type AgentFacts = {
  readonly health: CurrentHealth
  /** From when on its heartbeat is missing, unless one comes; absent where none is expected. */
  readonly heartbeatDueAt?: number
  /** Its latest calls, the newest first. */
  readonly calls: readonly Pick<Check, 'at' | 'outcome'>[]
  /** Since when an agent that it depends on is down; absent when none is. */
  readonly dependencyDownSince?: number
  /** Agents that the rule watches depend on it. */
  readonly isDependedOn: boolean
}

/** Whether a condition holds, apart from how long it must; and when to ask again although nothing was heard of the agent. */
export type Verdict =
  | { readonly holds: false; readonly nextAt?: number }
  | {
      readonly holds: true
      readonly since: number
      /** For how long it must hold. */
      readonly forMs: number
      readonly nextAt?: number
    }

const NO: Verdict = { holds: false }

/** A missing heartbeat is looked for this often, since one that comes is written down without a word. */
const HEARTBEAT_LOOK_MS = 30_000
/** Calls leave the window at any time; the share is looked at so often while they do. */
const LOOKS_PER_WINDOW = 20

/** `heldSince`: since when it has held by the last verdict; absent when it did not. */
export function judgeRule(
  condition: RuleCondition,
  facts: AgentFacts,
  heldSince: number | undefined,
  now: number,
): Verdict {
  switch (condition.kind) {
    case 'state':
      return judgeState(condition, facts, heldSince, now)
    case 'error_rate':
      return judgeErrorRate(condition, facts, heldSince, now)
    case 'latency':
      return (facts.health.latencyMs ?? 0) > condition.aboveMs
        ? { holds: true, since: heldSince ?? now, forMs: condition.forMs }
        : NO
    case 'heartbeat':
      return judgeHeartbeat(condition, facts, now)
    case 'dependency':
      return judgeDependency(condition, facts, now)
  }
}

const isAsBad = (state: HealthState, bound: 'degraded' | 'down'): boolean =>
  state === 'down' || state === bound

type Of<K extends RuleCondition['kind']> = Extract<RuleCondition, { readonly kind: K }>

function judgeState(
  { state, forMs }: Of<'state'>,
  { health, heartbeatDueAt = 0 }: AgentFacts,
  heldSince: number | undefined,
  now: number,
): Verdict {
  if (!isAsBad(health.state, state))
    return heartbeatDueAt > now ? { holds: false, nextAt: heartbeatDueAt } : NO
  const { since = now } = health
  const look = health.reason?.kind === 'heartbeat' ? { nextAt: now + HEARTBEAT_LOOK_MS } : {}
  // Before it came into the state that it is in, it was in another that counts too.
  return {
    holds: true,
    since: state === 'down' ? since : Math.min(heldSince ?? since, since),
    forMs,
    ...look,
  }
}

function judgeErrorRate(
  { above, windowMs, minCalls }: Of<'error_rate'>,
  { calls }: AgentFacts,
  heldSince: number | undefined,
  now: number,
): Verdict {
  const within = calls.filter(({ at }) => at > now - windowMs)
  const failed = within.filter(({ outcome }) => outcome !== 'ok').length
  const next = failed > 0 ? { nextAt: now + Math.ceil(windowMs / LOOKS_PER_WINDOW) } : {}
  const isAbove = within.length >= minCalls && failed / within.length > above
  return isAbove ? { holds: true, since: heldSince ?? now, forMs: 0, ...next } : { holds: false, ...next }
}

function judgeHeartbeat({ forMs }: Of<'heartbeat'>, { heartbeatDueAt }: AgentFacts, now: number): Verdict {
  if (heartbeatDueAt === undefined) return NO
  if (now < heartbeatDueAt) return { holds: false, nextAt: heartbeatDueAt }
  return { holds: true, since: heartbeatDueAt, forMs, nextAt: now + HEARTBEAT_LOOK_MS }
}

/** It also holds for the agent that is the cause, which so stands for all that depend on it. */
function judgeDependency({ forMs }: Of<'dependency'>, facts: AgentFacts, now: number): Verdict {
  const { health, dependencyDownSince, isDependedOn } = facts
  const times = [
    ...(dependencyDownSince === undefined ? [] : [dependencyDownSince]),
    ...(health.state === 'down' && isDependedOn ? [health.since ?? now] : []),
  ]
  return times.length === 0 ? NO : { holds: true, since: Math.min(...times), forMs }
}
