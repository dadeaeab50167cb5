import type { AgentId } from '../a2a/ids.ts'
import type { Severity } from './alert.ts'

/** Which agents a rule watches, of those its maker may manage. Tags are folded. */
export type RuleTarget =
  | { readonly kind: 'agent'; readonly agent: AgentId }
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'owner'; readonly owner: string }
  | { readonly kind: 'all' }

/**
 * What must hold for an agent, and for how long, before there is an alert. Times are in milliseconds.
 * - `state`: it is in this state or a worse one
 * - `error_rate`: of its calls within `windowMs`, more than this share (0 to 1) failed, and there were `minCalls` at least
 * - `latency`: calls take longer than this
 * - `heartbeat`: its heartbeat is overdue
 * - `dependency`: an agent that it depends on is down
 */
export type RuleCondition =
  | { readonly kind: 'state'; readonly state: 'degraded' | 'down'; readonly forMs: number }
  | {
      readonly kind: 'error_rate'
      readonly above: number
      readonly windowMs: number
      readonly minCalls: number
    }
  | { readonly kind: 'latency'; readonly aboveMs: number; readonly forMs: number }
  | { readonly kind: 'heartbeat'; readonly forMs: number }
  | { readonly kind: 'dependency'; readonly forMs: number }

/**
 * Who wrote a rule, as they were then: the rule watches what they may manage, whatever else it names. `agents`: the
 * only ones their credential was good for.
 */
export type RuleMaker = {
  readonly subject: string
  readonly groups: readonly string[]
  readonly isAdmin: boolean
  readonly agents?: readonly string[]
}

/** What is watched, and who is told. Times are in milliseconds since the Unix epoch. */
export type AlertRule = {
  readonly id: string
  readonly tenant: string
  /** Grows by one with every commit. */
  readonly version: number
  readonly name: string
  readonly severity: Severity
  readonly target: RuleTarget
  readonly condition: RuleCondition
  /** Ids of the channels that are told. */
  readonly channels: readonly string[]
  /** How often channels are told again while an alert fires, in milliseconds; 0 for never. */
  readonly repeatMs: number
  /** Alerts are raised as ever, and nobody is told. */
  readonly isMuted?: true
  readonly maker: RuleMaker
  readonly createdAt: number
  readonly updatedAt: number
}

/** Rules that may have one and the same target. */
export const MAX_RULES_PER_TARGET = 100

/** A target as text: what rules are found by. */
export function targetKey(target: RuleTarget): string {
  switch (target.kind) {
    case 'agent':
      return `agent:${target.agent}`
    case 'tag':
      return `tag:${target.tag}`
    case 'owner':
      return `owner:${target.owner}`
    case 'all':
      return 'all'
  }
}
