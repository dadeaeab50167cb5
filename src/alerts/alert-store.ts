import type { AgentId } from '../a2a/ids.ts'
import type { AuditRecord } from '../access/audit/audit-record.ts'
import type { Fence, NewWork } from '../work/work.ts'
import type { AgentWatch } from './agent-watch.ts'
import type { Alert } from './alert.ts'
import type { AlertRule } from './rule.ts'

/** An alert as it is kept. */
export type StoredAlert = Alert & {
  /**
   * How often there was something to tell channels of it: grows when it fires, when victims join it, with every
   * repetition, and when it ends.
   */
  readonly news: number
  /** Ids of the channels that are told; none of a rule that is muted. */
  readonly channels: readonly string[]
}

/** `expectedVersion` 0 creates it; `removed` deletes it. */
export type RuleChange = {
  readonly rule: AlertRule
  readonly expectedVersion: number
  readonly removed?: boolean
}

/** As `RuleChange`, of what is known of an agent. */
export type WatchChange = {
  readonly watch: AgentWatch
  readonly expectedVersion: number
  readonly removed?: boolean
}

/** Applied atomically or refused. */
export type AlertCommit = {
  readonly rule?: RuleChange
  readonly watch?: WatchChange
  /** Of the agent that is watched, as they will stand: its watch is the lock they are under. */
  readonly alerts?: readonly StoredAlert[]
  readonly fence?: Fence
  readonly work?: readonly NewWork[]
  /** Appended to the audit log in the same write. */
  readonly audit?: readonly AuditRecord[]
}

export type AlertCommitResult = 'committed' | 'conflict' | 'fenced'

export type AlertFilter = {
  readonly tenant: string
  readonly agentId?: string
  readonly ruleId?: string
  readonly isFiring?: boolean
}

/** A place in a list of alerts. */
export type AlertPosition = Pick<Alert, 'id' | 'startsAt'>

/** Rules, what they have come to, and the alerts they raised. It outlives the agents it is about. */
export interface AlertStore {
  commit(commit: AlertCommit): Promise<AlertCommitResult>
  findRule(id: string): Promise<AlertRule | undefined>
  /** Rules of a tenant ordered by id, strictly after `afterId`. */
  listRules(tenant: string, limit: number, afterId?: string): Promise<readonly AlertRule[]>
  /** Rules of a tenant whose `targetKey` is one of `targets`, at most `limit` of each, in no order. */
  listRulesFor(tenant: string, targets: readonly string[], limit: number): Promise<readonly AlertRule[]>
  findWatch(id: AgentId): Promise<AgentWatch | undefined>
  findAlert(id: string): Promise<StoredAlert | undefined>
  /** The one that began last first, then by greatest id; strictly after `after`. */
  listAlerts(filter: AlertFilter, limit: number, after?: AlertPosition): Promise<readonly StoredAlert[]>
  /** Removes at most `limit` alerts that ended before `before`; answers how many. */
  prune(before: number, limit: number): Promise<number>
}
