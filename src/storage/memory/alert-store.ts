import type { AgentWatch } from '../../alerts/agent-watch.ts'
import type {
  AlertCommit,
  AlertCommitResult,
  AlertFilter,
  AlertPosition,
  AlertStore,
  StoredAlert,
} from '../../alerts/alert-store.ts'
import { type AlertRule, targetKey } from '../../alerts/rule.ts'
import type { AuditRows } from './audit-store.ts'
import type { NotificationRows } from './channel-store.ts'
import { compareText } from './compare-text.ts'
import { frozenCopy } from './frozen-copy.ts'
import type { WorkRows } from './work-queue.ts'

/** `tell` is called when there may be new work to lease. */
export function createMemoryAlertStore(
  auditRows: AuditRows,
  workRows: WorkRows,
  notifications: NotificationRows,
  tell: () => void,
): AlertStore {
  const rules = new Map<string, AlertRule>()
  const watches = new Map<string, AgentWatch>()
  const alerts = new Map<string, StoredAlert>()

  function commit({
    rule,
    watch,
    alerts: raised = [],
    fence,
    work = [],
    audit,
  }: AlertCommit): AlertCommitResult {
    if (fence !== undefined && !workRows.holds(fence)) return 'fenced'
    if (rule !== undefined && (rules.get(rule.rule.id)?.version ?? 0) !== rule.expectedVersion)
      return 'conflict'
    if (watch !== undefined) {
      const stored = watches.get(watch.watch.agentId)
      if ((stored?.version ?? 0) !== watch.expectedVersion) return 'conflict'
    }
    auditRows.append(audit)
    if (rule !== undefined) put(rules, rule.rule.id, rule.rule, rule.removed)
    if (watch !== undefined) put(watches, watch.watch.agentId, watch.watch, watch.removed)
    for (const alert of raised) alerts.set(alert.id, frozenCopy(alert))
    for (const one of work) workRows.put(one)
    if (work.length > 0) tell()
    return 'committed'
  }

  return {
    async commit(value) {
      return commit(value)
    },
    async findRule(id) {
      return rules.get(id)
    },
    async listRules(tenant, limit, afterId = '') {
      return [...rules.values()]
        .filter((rule) => rule.tenant === tenant && compareText(rule.id, afterId) > 0)
        .sort((a, b) => compareText(a.id, b.id))
        .slice(0, limit)
    },
    async listRulesFor(tenant, targets, limit) {
      const own = [...rules.values()].filter((rule) => rule.tenant === tenant)
      return [...new Set(targets)].flatMap((target) =>
        own.filter((rule) => targetKey(rule.target) === target).slice(0, limit),
      )
    },
    async findWatch(id) {
      return watches.get(id)
    },
    async findAlert(id) {
      return alerts.get(id)
    },
    async listAlerts(filter, limit, after) {
      return [...alerts.values()]
        .filter((alert) => matches(filter, alert) && (after === undefined || compare(alert, after) > 0))
        .sort(compare)
        .slice(0, limit)
    },
    async prune(before, limit) {
      const old = [...alerts.values()].filter(({ endsAt }) => endsAt !== undefined && endsAt < before)
      const gone = old.slice(0, limit)
      for (const { id } of gone) {
        alerts.delete(id)
        notifications.delete(id)
      }
      return gone.length
    },
  }
}

function put<T>(table: Map<string, T>, key: string, value: T, removed = false): void {
  if (removed) table.delete(key)
  else table.set(key, frozenCopy(value))
}

const matches = ({ tenant, agentId, ruleId, isFiring }: AlertFilter, alert: StoredAlert): boolean =>
  alert.tenant === tenant &&
  (agentId === undefined || alert.agentId === agentId) &&
  (ruleId === undefined || alert.ruleId === ruleId) &&
  (isFiring === undefined || (alert.endsAt === undefined) === isFiring)

const compare = (a: AlertPosition, b: AlertPosition): number =>
  b.startsAt - a.startsAt || compareText(b.id, a.id)
