import type { EpochMs } from '../../tasks/task-head.ts'
import type { TaskStore } from '../../tasks/task-store.ts'
import { bytesOf, checkTaskCommit } from '../check-commit.ts'
import type { AuditRows } from './audit-rows.ts'
import type { Connection } from './connection.ts'
import { createContextRows } from './context-rows.ts'
import { createEventRows } from './event-rows.ts'
import type { GroupCommit } from './group-commit.ts'
import { createIdempotencyRows } from './idempotency-rows.ts'
import type { Reader } from './reader-thread.ts'
import { retryBusy } from './retry-busy.ts'
import { createTaskLists, headIn } from './task-lists.ts'
import { decideCommit, decideRemoval, type TaskTables } from './task-writes.ts'
import type { WorkRows } from './work-rows.ts'

export type SqliteTaskOptions = {
  readonly connection: Connection
  readonly commits: GroupCommit
  readonly reader: Reader
  readonly work: WorkRows
  readonly audit: AuditRows
  readonly now: () => EpochMs
  readonly random: () => number
}

/** Reads of one task run at once on the main connection; lists go to the reader thread. */
export function createSqliteTaskStore(options: SqliteTaskOptions): TaskStore {
  const { connection, commits, reader, work, audit, now, random } = options
  const events = createEventRows(connection)
  const contexts = createContextRows(connection)
  const idempotency = createIdempotencyRows(connection, now)
  const tables: TaskTables = { connection, events, work, contexts, idempotency, audit }
  const read = <T>(attempt: () => T): Promise<T> => retryBusy(attempt, random)
  return {
    ...createTaskLists(reader),
    async commit(commit) {
      const headText = JSON.stringify(commit.head)
      checkTaskCommit(commit, headText)
      return await commits.write(() => decideCommit(tables, commit, headText), bytesOf(commit, headText))
    },
    remove: (id, expectedVersion) => commits.write(() => decideRemoval(tables, id, expectedVersion)),
    findHead: (id) =>
      read(() => {
        const row = connection.get('SELECT head FROM tasks WHERE id = ?', id)
        return row === undefined ? undefined : headIn(row)
      }),
    readEvents: (id, selection) => read(() => events.read(id, selection)),
    findContext: (key) => read(() => contexts.find(key)),
    findIdempotency: (scope, at) =>
      read(() => {
        const record = idempotency.find(scope)
        return record !== undefined && record.expiresAt > at ? record : undefined
      }),
  }
}
