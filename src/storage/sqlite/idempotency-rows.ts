import { taskId } from '../../a2a/ids.ts'
import type { EpochMs } from '../../tasks/task-head.ts'
import type { IdempotencyRecord } from '../../tasks/task-store.ts'
import { integerIn, integerOrNullIn, textIn } from './columns.ts'
import type { Connection } from './connection.ts'

export interface IdempotencyRows {
  /** The stored record, expired or not. */
  find(scope: string): IdempotencyRecord | undefined
  /** Inserts or replaces, and drops a few of those that have expired. */
  put(record: IdempotencyRecord): void
}

const FIND = 'SELECT body_hash, task_id, seq, answered_seq, expires_at FROM idempotency WHERE scope = ?'

const PUT = `
  INSERT OR REPLACE INTO idempotency (scope, body_hash, task_id, seq, answered_seq, expires_at)
  VALUES (?, ?, ?, ?, ?, ?)`

/** More than one for each that is put, so that the table never outgrows the records that count. */
const PURGE = `
  DELETE FROM idempotency
  WHERE scope IN (SELECT scope FROM idempotency WHERE expires_at <= ? ORDER BY expires_at LIMIT 100)`
const PURGE_EVERY_PUTS = 32

export function createIdempotencyRows(connection: Connection, now: () => EpochMs): IdempotencyRows {
  let puts = 0
  return {
    find(scope) {
      const row = connection.get(FIND, scope)
      if (row === undefined) return undefined
      const answeredSeq = integerOrNullIn(row, 'answered_seq')
      return {
        scope,
        bodyHash: textIn(row, 'body_hash'),
        taskId: taskId(textIn(row, 'task_id')),
        seq: integerIn(row, 'seq'),
        ...(answeredSeq === undefined ? {} : { answeredSeq }),
        expiresAt: integerIn(row, 'expires_at'),
      }
    },
    put({ scope, bodyHash, taskId: id, seq, answeredSeq, expiresAt }) {
      connection.run(PUT, scope, bodyHash, id, seq, answeredSeq ?? null, expiresAt)
      if (++puts % PURGE_EVERY_PUTS === 0) connection.run(PURGE, now())
    },
  }
}
