import { eventBytes, type TaskEvent } from '../tasks/task-event.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import type { TaskCommit } from '../tasks/task-store.ts'

/** What every backend can write atomically: one event may be 4 MiB, and its commit holds a little more. */
const MAX_COMMIT_ROWS = 100
const MAX_COMMIT_BYTES = 5 * 1024 * 1024

/** A head this large is a defect of the writer. */
const MAX_HEAD_BYTES = 256 * 1024

/**
 * Refuses a commit that no backend may accept, whatever is stored: a RangeError for one that is too large, a TypeError
 * for one that contradicts itself. `headText` is the head's JSON.
 */
export function checkTaskCommit(commit: TaskCommit, headText: string): void {
  const { head, events, expectedVersion } = commit
  if (head.version !== expectedVersion + 1) {
    throw new TypeError(`The head's version ${head.version} does not follow version ${expectedVersion}`)
  }
  checkLog(head, events)
  const rows = rowsOf(commit)
  if (rows > MAX_COMMIT_ROWS) {
    throw new RangeError(`A commit holds at most ${MAX_COMMIT_ROWS} rows, not ${rows}`)
  }
  const headBytes = Buffer.byteLength(headText)
  if (headBytes > MAX_HEAD_BYTES) {
    throw new RangeError(`A task's head holds at most ${MAX_HEAD_BYTES} bytes, not ${headBytes}`)
  }
  const bytes = bytesOf(commit, headText)
  if (bytes > MAX_COMMIT_BYTES) {
    throw new RangeError(`A commit holds at most ${MAX_COMMIT_BYTES} bytes, not ${bytes}`)
  }
}

/** Refuses events that do not continue the stored log. `stored` is the head that the commit replaces, if any. */
export function checkContinues(stored: Pick<TaskHead, 'seq' | 'at'> | undefined, commit: TaskCommit): void {
  const before = commit.head.seq - commit.events.length
  if (before !== (stored?.seq ?? 0)) {
    throw new TypeError(`The events start after seq ${before}, but the log ends at ${stored?.seq ?? 0}`)
  }
  const [first] = commit.events
  if (stored !== undefined && stored.seq > 0 && first !== undefined && first.at <= stored.at) {
    throw new TypeError(`Event ${first.seq} is not later than the event before it`)
  }
}

/** Approximate size of a commit. */
export const bytesOf = (commit: TaskCommit, headText: string): number =>
  commit.events.reduce((sum, event) => sum + eventBytes(event), headText.length)

function checkLog(head: TaskHead, events: readonly TaskEvent[]): void {
  let seq = head.seq - events.length
  let at = Number.NEGATIVE_INFINITY
  for (const event of events) {
    if (event.seq !== seq + 1) {
      throw new TypeError(
        `Event ${event.seq} must have seq ${seq + 1}: a commit's events end at the head's seq`,
      )
    }
    if (event.at <= at) throw new TypeError(`Event ${event.seq} is not later than the event before it`)
    seq = event.seq
    at = event.at
  }
  if (events.length > 0 && at !== head.at) {
    throw new TypeError('The head must carry the time of its newest event')
  }
}

function rowsOf(commit: TaskCommit): number {
  const { fence, work = [], done = [] } = commit
  const isWritten =
    fence !== undefined && [...work, ...done].some((ref) => ref.kind === fence.kind && ref.key === fence.key)
  return (
    1 +
    commit.events.length +
    work.length +
    done.length +
    (fence === undefined || isWritten ? 0 : 1) +
    (commit.context === undefined ? 0 : 1) +
    (commit.idempotency === undefined ? 0 : 1) +
    (commit.audit?.length ?? 0)
  )
}
