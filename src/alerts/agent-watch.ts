import type { AgentId } from '../a2a/ids.ts'
import type { HealthState } from '../registry/health/agent-health.ts'

/** A rule whose condition holds for an agent. */
export type HeldRule = {
  readonly ruleId: string
  /** Since when it holds, in milliseconds since the Unix epoch. */
  readonly since: number
  /** The alert of an agent that this one depends on stands for its own. */
  readonly isFolded?: true
  /** The alert that fires for it; absent while it is folded or has not held for long enough. */
  readonly alertId?: string
  /** When channels were last told of the alert. */
  readonly toldAt?: number
}

/** How an agent was found when its rules were last judged. */
export type AgentWatch = {
  readonly agentId: AgentId
  readonly tenant: string
  /** Grows by one with every commit. */
  readonly version: number
  readonly state: HealthState
  readonly held: readonly HeldRule[]
}
