import type { AgentHealth, Check } from '../../registry/health/agent-health.ts'
import type { HealthCommit, HealthCommitResult, HealthStore } from '../../registry/health/health-store.ts'
import { type ChangeRows, changeHints } from './change-rows.ts'
import { integerIn, textIn, versionIn } from './columns.ts'
import type { Connection, Row } from './connection.ts'
import type { Decision, GroupCommit } from './group-commit.ts'
import { bucketIn, type HealthRows } from './health-rows.ts'
import { retryBusy } from './retry-busy.ts'
import { type WorkRows, workHints } from './work-rows.ts'

export type SqliteHealthOptions = {
  readonly connection: Connection
  readonly commits: GroupCommit
  readonly changes: ChangeRows
  readonly work: WorkRows
  readonly rows: HealthRows
  readonly random: () => number
}

const FIND = 'SELECT version, health FROM agent_health WHERE agent_id = ?'
const FIND_ALL = `
  SELECT health FROM json_each(?) AS wanted JOIN agent_health ON agent_id = wanted.value ORDER BY wanted.key`

const LIST_CHECKS = 'SELECT body FROM health_checks WHERE agent_id = ?'
const NEWEST_FIRST = 'ORDER BY at DESC, kind DESC, url DESC LIMIT ?'
const LIST_FIRST = `${LIST_CHECKS} ${NEWEST_FIRST}`
const LIST_AFTER = `${LIST_CHECKS} AND (at, kind, url) < (?, ?, ?) ${NEWEST_FIRST}`

const COUNT_CHECKS = 'SELECT count(*) AS total FROM (SELECT 1 FROM health_checks WHERE agent_id = ? LIMIT ?)'

const LIST_BUCKETS = `
  SELECT * FROM health_buckets WHERE agent_id = ? AND span = ? AND begins_at >= ? ORDER BY begins_at`

export function createSqliteHealthStore(options: SqliteHealthOptions): HealthStore {
  const { connection, commits, changes, work, rows, random } = options

  function decide(commit: HealthCommit): Decision<HealthCommitResult> {
    const { health, expectedVersion, fence } = commit
    const id = health.agentId
    if (fence !== undefined && !work.holds(fence)) return { result: 'fenced' }
    if (connection.get('SELECT 1 FROM agents WHERE id = ?', id) === undefined) return { result: 'gone' }
    if (versionIn(connection.get(FIND, id)) !== expectedVersion) return { result: 'conflict' }
    return {
      result: 'committed',
      hints: [...changeHints(commit.changes), ...workHints(commit.work)],
      apply() {
        rows.put(health)
        rows.addChecks(id, commit.checks)
        rows.addBuckets(id, commit.buckets)
        for (const one of commit.work ?? []) work.put(one)
        changes.append(commit.changes)
      },
    }
  }

  return {
    commit: (commit) => commits.write(() => decide(commit)),
    find: (id) =>
      retryBusy(() => {
        const row = connection.get(FIND, id)
        return row === undefined ? undefined : healthIn(row)
      }, random),
    findAll: (ids) => retryBusy(() => connection.all(FIND_ALL, JSON.stringify(ids)).map(healthIn), random),
    listChecks: (id, limit, after) =>
      retryBusy(() => {
        const found =
          after === undefined
            ? connection.all(LIST_FIRST, id, limit)
            : connection.all(LIST_AFTER, id, after.at, after.kind, after.url ?? '', limit)
        return found.map((row): Check => JSON.parse(textIn(row, 'body')))
      }, random),
    countChecks: (id, cap) =>
      retryBusy(() => {
        const row = connection.get(COUNT_CHECKS, id, cap)
        return row === undefined ? 0 : integerIn(row, 'total')
      }, random),
    listBuckets: (id, span, since) =>
      retryBusy(() => connection.all(LIST_BUCKETS, id, span, since).map(bucketIn(span)), random),
    compact: (id, { checksBefore, hoursBefore, daysBefore }) =>
      commits.write<void>(() => ({
        result: undefined,
        apply: () => rows.compact(id, checksBefore, hoursBefore, daysBefore),
      })),
  }
}

const healthIn = (row: Row): AgentHealth => JSON.parse(textIn(row, 'health'))
