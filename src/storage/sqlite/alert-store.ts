import type { AgentWatch } from '../../alerts/agent-watch.ts'
import type {
  AlertCommit,
  AlertCommitResult,
  AlertFilter,
  AlertPosition,
  AlertStore,
  RuleChange,
  StoredAlert,
  WatchChange,
} from '../../alerts/alert-store.ts'
import { type AlertRule, targetKey } from '../../alerts/rule.ts'
import type { Hint } from '../../tasks/news.ts'
import type { AuditRows } from './audit-rows.ts'
import { textIn, versionIn } from './columns.ts'
import { Conditions } from './conditions.ts'
import type { Connection, Row } from './connection.ts'
import type { Decision, GroupCommit } from './group-commit.ts'
import { retryBusy } from './retry-busy.ts'
import type { WorkRows } from './work-rows.ts'

export type SqliteAlertOptions = {
  readonly connection: Connection
  readonly commits: GroupCommit
  readonly work: WorkRows
  readonly audit: AuditRows
  readonly random: () => number
}

const PUT_RULE = `
  INSERT INTO alert_rules (id, version, tenant, target, rule) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    version = excluded.version, tenant = excluded.tenant, target = excluded.target, rule = excluded.rule`

const PUT_WATCH = `
  INSERT INTO agent_watches (agent_id, version, watch) VALUES (?, ?, ?)
  ON CONFLICT (agent_id) DO UPDATE SET version = excluded.version, watch = excluded.watch`

const PUT_ALERT = `
  INSERT INTO alerts (id, tenant, agent_id, rule_id, starts_at, ends_at, alert) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET ends_at = excluded.ends_at, alert = excluded.alert`

const FIND_OLD = 'SELECT id FROM alerts WHERE ends_at IS NOT NULL AND ends_at < ? LIMIT ?'

const WORK_HINT: readonly Hint[] = [{ kind: 'work' }]

export function createSqliteAlertStore(options: SqliteAlertOptions): AlertStore {
  const { connection, commits, work: workRows, audit: auditRows, random } = options

  const isCurrent = (rule: RuleChange | undefined, watch: WatchChange | undefined): boolean =>
    (rule === undefined ||
      versionIn(connection.get('SELECT version FROM alert_rules WHERE id = ?', rule.rule.id)) ===
        rule.expectedVersion) &&
    (watch === undefined ||
      versionIn(
        connection.get('SELECT version FROM agent_watches WHERE agent_id = ?', watch.watch.agentId),
      ) === watch.expectedVersion)

  function decide(commit: AlertCommit): Decision<AlertCommitResult> {
    const { rule, watch, alerts = [], fence, work = [], audit } = commit
    if (fence !== undefined && !workRows.holds(fence)) return { result: 'fenced' }
    if (!isCurrent(rule, watch)) return { result: 'conflict' }
    return {
      result: 'committed',
      ...(work.length > 0 ? { hints: WORK_HINT } : {}),
      apply() {
        if (rule !== undefined) writeRule(rule)
        if (watch !== undefined) writeWatch(watch)
        for (const alert of alerts) writeAlert(alert)
        for (const one of work) workRows.put(one)
        auditRows.append(audit)
      },
    }
  }

  function writeRule({ rule, removed = false }: RuleChange): void {
    if (removed) connection.run('DELETE FROM alert_rules WHERE id = ?', rule.id)
    else
      connection.run(
        PUT_RULE,
        rule.id,
        rule.version,
        rule.tenant,
        targetKey(rule.target),
        JSON.stringify(rule),
      )
  }

  function writeWatch({ watch, removed = false }: WatchChange): void {
    if (removed) connection.run('DELETE FROM agent_watches WHERE agent_id = ?', watch.agentId)
    else connection.run(PUT_WATCH, watch.agentId, watch.version, JSON.stringify(watch))
  }

  function writeAlert(alert: StoredAlert): void {
    const { id, tenant, agentId, ruleId, startsAt, endsAt } = alert
    connection.run(PUT_ALERT, id, tenant, agentId, ruleId, startsAt, endsAt ?? null, JSON.stringify(alert))
  }

  function listAlerts(filter: AlertFilter, limit: number, after?: AlertPosition): readonly StoredAlert[] {
    const where = new Conditions().add('tenant = {}', filter.tenant)
    where.addIf('agent_id', filter.agentId).addIf('rule_id', filter.ruleId)
    if (filter.isFiring !== undefined) where.add(`ends_at IS ${filter.isFiring ? '' : 'NOT '}NULL`)
    if (after !== undefined) where.add('(starts_at, id) < ({}, {})', after.startsAt, after.id)
    const order = `ORDER BY starts_at DESC, id DESC LIMIT ${where.param(limit)}`
    return connection.all(`SELECT alert FROM alerts WHERE ${where} ${order}`, ...where.params).map(alertIn)
  }

  return {
    commit: (commit) => commits.write(() => decide(commit)),
    findRule: (id) =>
      retryBusy(() => {
        const row = connection.get('SELECT rule FROM alert_rules WHERE id = ?', id)
        return row === undefined ? undefined : ruleIn(row)
      }, random),
    listRules: (tenant, limit, afterId = '') =>
      retryBusy(
        () =>
          connection
            .all(
              'SELECT rule FROM alert_rules WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?',
              tenant,
              afterId,
              limit,
            )
            .map(ruleIn),
        random,
      ),
    listRulesFor: (tenant, targets, limit) =>
      retryBusy(
        () =>
          [...new Set(targets)].flatMap((target) =>
            connection
              .all(
                'SELECT rule FROM alert_rules WHERE tenant = ? AND target = ? LIMIT ?',
                tenant,
                target,
                limit,
              )
              .map(ruleIn),
          ),
        random,
      ),
    findWatch: (id) =>
      retryBusy(() => {
        const row = connection.get('SELECT watch FROM agent_watches WHERE agent_id = ?', id)
        return row === undefined ? undefined : watchIn(row)
      }, random),
    findAlert: (id) =>
      retryBusy(() => {
        const row = connection.get('SELECT alert FROM alerts WHERE id = ?', id)
        return row === undefined ? undefined : alertIn(row)
      }, random),
    listAlerts: (filter, limit, after) => retryBusy(() => listAlerts(filter, limit, after), random),
    prune: (before, limit) =>
      commits.write<number>(() => {
        const old = connection.all(FIND_OLD, before, limit)
        return {
          result: old.length,
          apply() {
            for (const row of old) {
              connection.run('DELETE FROM alerts WHERE id = ?', textIn(row, 'id'))
              connection.run('DELETE FROM notifications WHERE alert_id = ?', textIn(row, 'id'))
            }
          },
        }
      }),
  }
}

const ruleIn = (row: Row): AlertRule => JSON.parse(textIn(row, 'rule'))

const watchIn = (row: Row): AgentWatch => JSON.parse(textIn(row, 'watch'))

const alertIn = (row: Row): StoredAlert => JSON.parse(textIn(row, 'alert'))
