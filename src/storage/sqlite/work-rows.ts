import type { Hint } from '../../tasks/news.ts'
import type { EpochMs } from '../../tasks/task-head.ts'
import type { Fence, NewWork, WorkRef } from '../../work/work.ts'
import type { Connection } from './connection.ts'

/** The `work` table as writes see it; every function runs inside a transaction. */
export interface WorkRows {
  holds(fence: Fence): boolean
  put(work: NewWork): void
  delete(ref: WorkRef): void
  /** All work of a task, whatever its kind. */
  deleteKey(key: string): void
  renew(fence: Fence, until: EpochMs): void
  release(fence: Fence, dueAt: EpochMs): void
  /** As `release`; when the work is not due at `before` any more, as early as it is by now. */
  postpone(fence: Fence, before: EpochMs, dueAt: EpochMs): void
}

const HOLDS = 'SELECT 1 FROM work WHERE key = ? AND kind = ? AND token = ?'

const PUT = `
  INSERT INTO work (key, kind, lane, due_at, until, token, attempt) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (key, kind) DO UPDATE SET due_at = excluded.due_at`

const RENEW = 'UPDATE work SET until = ? WHERE key = ? AND kind = ? AND token = ?'

const RELEASE = `
  UPDATE work SET due_at = ?, until = 0, token = NULL, attempt = attempt - 1
  WHERE key = ? AND kind = ? AND token = ?`

const POSTPONE = `
  UPDATE work SET due_at = CASE WHEN due_at = ?1 THEN ?2 ELSE min(due_at, ?2) END,
    until = 0, token = NULL, attempt = attempt - 1
  WHERE key = ?3 AND kind = ?4 AND token = ?5`

export const createWorkRows = (connection: Connection): WorkRows => ({
  holds: ({ key, kind, token }) => connection.get(HOLDS, key, kind, token) !== undefined,
  put({ key, kind, lane, dueAt, claim }) {
    const lease = claim === undefined ? ([0, null, 0] as const) : ([claim.until, claim.token, 1] as const)
    connection.run(PUT, key, kind, lane, dueAt, ...lease)
  },
  delete({ key, kind }) {
    connection.run('DELETE FROM work WHERE key = ? AND kind = ?', key, kind)
  },
  deleteKey(key) {
    connection.run('DELETE FROM work WHERE key = ?', key)
  },
  renew({ key, kind, token }, until) {
    connection.run(RENEW, until, key, kind, token)
  },
  release({ key, kind, token }, dueAt) {
    connection.run(RELEASE, dueAt, key, kind, token)
  },
  postpone({ key, kind, token }, before, dueAt) {
    connection.run(POSTPONE, before, dueAt, key, kind, token)
  },
})

/** What a commit with this work is worth telling. */
export const workHints = (work: readonly NewWork[] | undefined): readonly Hint[] =>
  work === undefined || work.length === 0 ? [] : [{ kind: 'work' }]
