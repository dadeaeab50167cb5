import type { TaskId } from '../../a2a/ids.ts'
import type { TaskHead } from '../../tasks/task-head.ts'
import type { CommitResult, IdempotencyRecord, TaskCommit } from '../../tasks/task-store.ts'
import { checkContinues } from '../check-commit.ts'
import { hintsOf } from '../commit-hints.ts'
import type { AuditRows } from './audit-rows.ts'
import { integerIn, textIn, versionIn } from './columns.ts'
import type { Connection, Row } from './connection.ts'
import type { ContextRows } from './context-rows.ts'
import type { EventRows } from './event-rows.ts'
import type { Decision } from './group-commit.ts'
import type { IdempotencyRows } from './idempotency-rows.ts'
import type { WorkRows } from './work-rows.ts'

export type TaskTables = {
  readonly connection: Connection
  readonly events: EventRows
  readonly work: WorkRows
  readonly contexts: ContextRows
  readonly idempotency: IdempotencyRows
  readonly audit: AuditRows
}

const FIND = 'SELECT n, version, seq, at, phase, state, status_at FROM tasks WHERE id = ?'

const INSERT = `
  INSERT INTO tasks (id, version, seq, at, tenant, owner, agent_id, context_id, phase, state, status_at, head)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const CONTEXT_OF_TASK = ['tenant', 'context_id', 'owner', 'agent_id', 'at'] as const

/** A later exchange that is still undecided, and so in no index, has moved `last_at`. */
const DELETE_EMPTY_CONTEXT = `
  DELETE FROM contexts
  WHERE tenant = ?1 AND context_id = ?2 AND owner = ?3 AND agent_id = ?4 AND last_at <= ?5 AND NOT EXISTS (
    SELECT 1 FROM tasks INDEXED BY tasks_by_context
    WHERE phase <> 'undecided' AND tenant = ?1 AND context_id = ?2 AND owner = ?3 AND agent_id = ?4
  )`

/** Leaves alone what the lists are ordered by, so that no index is touched. */
const UPDATE = 'UPDATE tasks SET version = ?, seq = ?, at = ?, head = ? WHERE n = ?'

const UPDATE_STATUS = `
  UPDATE tasks SET version = ?, seq = ?, at = ?, head = ?, phase = ?, state = ?, status_at = ? WHERE n = ?`

/** A commit to the tables, decided and applied inside a transaction. `headText` is the head's JSON. */
export function decideCommit(
  tables: TaskTables,
  commit: TaskCommit,
  headText: string,
): Decision<CommitResult> {
  if (commit.fence !== undefined && !tables.work.holds(commit.fence)) return { result: { kind: 'fenced' } }
  const holder = commit.idempotency && tables.idempotency.find(commit.idempotency.scope)
  if (holder !== undefined && blocks(holder, commit)) return { result: { kind: 'duplicate', record: holder } }
  const row = tables.connection.get(FIND, commit.head.id)
  if (versionIn(row) !== commit.expectedVersion) {
    return { result: { kind: 'conflict' } }
  }
  checkContinues(row && { seq: integerIn(row, 'seq'), at: integerIn(row, 'at') }, commit)
  return {
    result: { kind: 'committed' },
    apply: () => applyCommit(tables, commit, headText, row),
    hints: hintsOf(commit),
  }
}

export function decideRemoval(tables: TaskTables, id: TaskId, expectedVersion: number): Decision<boolean> {
  const row = tables.connection.get(FIND, id)
  if (row === undefined || integerIn(row, 'version') !== expectedVersion) return { result: false }
  const n = integerIn(row, 'n')
  return {
    result: true,
    apply() {
      const { connection, events, work } = tables
      const context = connection.get(
        'SELECT tenant, context_id, owner, agent_id, at FROM tasks WHERE n = ?',
        n,
      )
      connection.run('DELETE FROM tasks WHERE n = ?', n)
      events.deleteAll(n)
      work.deleteKey(id)
      if (context !== undefined)
        connection.run(DELETE_EMPTY_CONTEXT, ...CONTEXT_OF_TASK.map((name) => context[name] ?? null))
    },
    hints: [{ kind: 'task', taskId: id }],
  }
}

/** Whether a stored record keeps the commit's own from being written. Expiry is judged at the commit's time. */
const blocks = (holder: IdempotencyRecord, { head, idempotency }: TaskCommit): boolean =>
  holder.expiresAt > head.at && !(holder.taskId === idempotency?.taskId && holder.seq === idempotency.seq)

function applyCommit(tables: TaskTables, commit: TaskCommit, headText: string, row: Row | undefined): void {
  const n = putHead(tables.connection, commit.head, headText, row)
  for (const event of commit.events) tables.events.insert(n, event)
  for (const ref of commit.done ?? []) tables.work.delete(ref)
  for (const work of commit.work ?? []) tables.work.put(work)
  if (commit.context !== undefined) tables.contexts.merge(commit.context)
  if (commit.idempotency !== undefined) tables.idempotency.put(commit.idempotency)
  tables.audit.append(commit.audit)
}

/** The task's number. */
function putHead(connection: Connection, head: TaskHead, headText: string, row: Row | undefined): number {
  const { version, seq, at, phase, state, statusAt } = head
  if (row === undefined) {
    const { id, tenant, owner, agentId, contextId } = head
    return connection.run(
      INSERT,
      id,
      version,
      seq,
      at,
      tenant,
      owner,
      agentId,
      contextId,
      phase,
      state,
      statusAt,
      headText,
    )
  }
  const n = integerIn(row, 'n')
  const isSameStatus =
    integerIn(row, 'status_at') === statusAt &&
    textIn(row, 'state') === state &&
    textIn(row, 'phase') === phase
  if (isSameStatus) connection.run(UPDATE, version, seq, at, headText, n)
  else connection.run(UPDATE_STATUS, version, seq, at, headText, phase, state, statusAt, n)
  return n
}
