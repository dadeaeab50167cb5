/**
 * Rules that watch agents, and the alerts they raise.
 *
 * Owns rules, when an alert begins and ends, root causes and the history. Does not look at agents (`registry/health`
 * knows how they are) and does not send anything: that an alert is to be told goes into its commit as `notify` work.
 * What a caller may not see is answered exactly as what does not exist.
 */
import type { Page, PageQuery } from '../access/page.ts'
import type { Call } from '../access/principal.ts'
import type { StoredAlert } from './alert-store.ts'
import type { AlertRule } from './rule.ts'
import type { AskedRule } from './rule-body.ts'

export type AlertQuery = PageQuery & {
  readonly state?: 'firing' | 'resolved'
  /** Id or slug; of an agent that is gone, its id. */
  readonly agent?: string
  /** A rule's id. */
  readonly rule?: string
}

/** Everything takes the scope `agents:write`. */
export interface Alerts {
  /**
   * Throws `invalid_params` for an agent that the caller may not manage or a channel that they may not use, and
   * `conflict` when there are too many rules for the target.
   */
  createRule(call: Call, rule: AskedRule): Promise<AlertRule>
  /** Throws `not_found` for a rule that is missing, or somebody else's unless the caller is an admin. */
  getRule(call: Call, id: string): Promise<AlertRule>
  /** Every rule that `getRule` would find, by id. */
  listRules(call: Call, page: PageQuery): Promise<Page<AlertRule>>
  /** Puts a rule in the place of one. Throws as `getRule` and `createRule` do. */
  updateRule(call: Call, id: string, rule: AskedRule): Promise<AlertRule>
  /** Its alerts end. Throws as `getRule` does. */
  deleteRule(call: Call, id: string): Promise<void>
  /** Throws `not_found` for an alert that is missing, or about an agent that the caller may not manage. */
  getAlert(call: Call, id: string): Promise<StoredAlert>
  /**
   * Every alert that `getAlert` would find, the one that began last first. Other agents than those that the caller sees
   * are left out.
   */
  listAlerts(call: Call, query: AlertQuery): Promise<Page<StoredAlert>>
}
