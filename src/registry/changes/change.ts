import type { AgentId } from '../../a2a/ids.ts'
import type { ChangeKind as CardChangeKind } from '../compare-cards.ts'
import type { HealthReason, HealthState } from '../health/agent-health.ts'

/** Something that happened to an agent, as the change feed tells it. */
export type Change = {
  /** Unique; the same when the feed is read again. */
  readonly id: string
  readonly tenant: string
  readonly agentId: AgentId
  readonly at: number
} & (
  | { readonly kind: 'registered' | 'unregistered' }
  | {
      readonly kind: 'updated'
      /** Of a new card: what changed. */
      readonly cardVersion?: number
      readonly verdict?: CardChangeKind
    }
  | {
      readonly kind: 'health'
      readonly state: HealthState
      readonly before: HealthState
      readonly reason?: HealthReason
    }
)
