import type { AgentId } from '../a2a/ids.ts'

export const SEVERITIES = ['critical', 'warning', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

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
  /** Agents that are not well because this one is not: they depend on it. */
  readonly victims: readonly { readonly agentId: AgentId; readonly agentSlug: string }[]
  /** It was fired to see whether the channel works; nothing is wrong. */
  readonly isTest?: true
}
