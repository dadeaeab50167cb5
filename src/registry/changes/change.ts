import type { AgentId } from '../../a2a/ids.ts'
import type { Agent } from '../agent.ts'
import type { ChangeKind as CardChangeKind } from '../compare-cards.ts'
import type { HealthReason, HealthState } from '../health/agent-health.ts'

export const CHANGE_KINDS = ['registered', 'updated', 'unregistered', 'health'] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** What decides who could discover an agent at a time. */
export type Audience = Pick<Agent, 'owner' | 'visibility' | 'lifecycle' | 'grants'>

/** Something that happened to an agent, as it is written down in the change feed. */
export type Change = {
  /** Unique; the same when the feed is read again. */
  readonly id: string
  readonly tenant: string
  readonly agentId: AgentId
  readonly at: number
} & (
  | { readonly kind: 'registered'; readonly slug: string }
  | {
      readonly kind: 'unregistered'
      readonly slug: string
      /** Who could discover it when it went. */
      readonly audience: Audience
    }
  | {
      readonly kind: 'updated'
      readonly slug: string
      /** Of a new card: what changed. */
      readonly cardVersion?: number
      readonly verdict?: CardChangeKind
      /** Who could discover it before; absent while nothing of that changed. */
      readonly audience?: Audience
    }
  | {
      readonly kind: 'health'
      readonly slug: string
      readonly state: HealthState
      readonly before: HealthState
      readonly reason?: HealthReason
    }
)
