import type { AgentId } from '../a2a/ids.ts'

export const SEVERITIES = ['critical', 'warning', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

export const END_REASONS = ['recovered', 'not_watched', 'rule_removed', 'agent_removed'] as const
/**
 * Why an alert fires no more: its condition holds no more; the rule counts for the agent no more, or the agent is not
 * in use; the rule is gone; or the agent is.
 */
export type EndReason = (typeof END_REASONS)[number]

/** Another agent than the one that an alert is about. */
export type OtherAgent = { readonly agentId: AgentId; readonly agentSlug: string }

/** That a rule's condition holds, or held, for an agent. Times are in milliseconds since the Unix epoch. */
export type Alert = {
  readonly id: string
  readonly tenant: string
  readonly ruleId: string
  readonly ruleName: string
  readonly severity: Severity
  readonly agentId: AgentId
  readonly agentSlug: string
  /** What is wrong, for people; of the publisher's text and the agent's words in it, nothing is to be trusted. */
  readonly summary: string
  readonly startsAt: number
  /** Absent while it is firing. */
  readonly endsAt?: number
  readonly endReason?: EndReason
  /** Agents that are not well because this one is not: they depend on it. */
  readonly victims: readonly OtherAgent[]
  /** An agent that it depends on and that is down, where the maker of the rule may see it; the summary does not name it. */
  readonly cause?: OtherAgent
  /** It was fired to see whether the channel works; nothing is wrong. */
  readonly isTest?: true
}
