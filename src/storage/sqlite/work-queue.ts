import type { NewId } from '../../a2a/ids.ts'
import type { LeasedWork, LeaseRequest, WorkQueue } from '../../delivery/work-queue.ts'
import type { EpochMs } from '../../tasks/task-head.ts'
import type { Fence, WorkKind } from '../../tasks/task-store.ts'
import type { Hint } from '../backend.ts'
import { integerIn, integerOrNullIn, textIn } from './columns.ts'
import type { Connection } from './connection.ts'
import type { Decision, GroupCommit } from './group-commit.ts'
import { retryBusy } from './retry-busy.ts'
import type { WorkRows } from './work-rows.ts'

export type SqliteWorkOptions = {
  readonly connection: Connection
  readonly commits: GroupCommit
  readonly rows: WorkRows
  /** Makes lease tokens. */
  readonly newId: NewId
  readonly random: () => number
}

type Candidate = Omit<LeasedWork, 'token' | 'until'>

const IS_DUE = `kind = ?1 AND due_at <= ?2 AND lane NOT IN (SELECT value FROM json_each(?3))`
const COLUMNS = 'key, lane, due_at, attempt'

/** Work nobody ever leased is found by when it is due; expired leases, which are few, by when they expired. */
const FIND_FREE = `SELECT ${COLUMNS} FROM work WHERE until = 0 AND ${IS_DUE} ORDER BY due_at LIMIT ?4`
const FIND_EXPIRED = `
  SELECT ${COLUMNS} FROM work WHERE until > 0 AND until <= ?2 AND ${IS_DUE} ORDER BY due_at LIMIT ?4`

const TAKE = 'UPDATE work SET token = ?, until = ?, attempt = ? WHERE key = ? AND kind = ?'

const NEXT_FREE = 'SELECT min(due_at) AS due_at FROM work WHERE until = 0 AND kind = ?'
const NEXT_EXPIRED = 'SELECT min(due_at) AS due_at FROM work WHERE until > 0 AND until <= ? AND kind = ?'

const WORK_HINT: readonly Hint[] = [{ kind: 'work' }]

export function createSqliteWorkQueue(options: SqliteWorkOptions): WorkQueue {
  const { connection, commits, rows, newId, random } = options

  const findKind = (kind: WorkKind, { now, busyLanes, limit }: LeaseRequest): readonly Candidate[] => {
    const params = [kind, now, JSON.stringify(busyLanes), limit]
    return [FIND_FREE, FIND_EXPIRED].flatMap((sql) =>
      connection.all(sql, ...params).map((row) => ({
        kind,
        key: textIn(row, 'key'),
        lane: textIn(row, 'lane'),
        dueAt: integerIn(row, 'due_at'),
        attempt: integerIn(row, 'attempt') + 1,
      })),
    )
  }

  const find = (request: LeaseRequest): readonly Candidate[] =>
    request.kinds
      .flatMap((kind) => findKind(kind, request))
      .sort((a, b) => a.dueAt - b.dueAt)
      .slice(0, request.limit)

  function take(request: LeaseRequest): Decision<readonly LeasedWork[]> {
    const until = request.now + request.leaseMs
    const leased = find(request).map((work): LeasedWork => ({ ...work, token: newId(), until }))
    return {
      result: leased,
      apply() {
        for (const { token, attempt, key, kind } of leased) {
          connection.run(TAKE, token, until, attempt, key, kind)
        }
      },
    }
  }

  function nextDueAt(kinds: readonly WorkKind[], now: EpochMs): EpochMs | undefined {
    const found = kinds.flatMap((kind) => [
      connection.get(NEXT_FREE, kind),
      connection.get(NEXT_EXPIRED, now, kind),
    ])
    const times = found.flatMap((row) => (row === undefined ? [] : (integerOrNullIn(row, 'due_at') ?? [])))
    return times.length === 0 ? undefined : Math.min(...times)
  }

  return {
    async lease(request) {
      // A look first, so that workers that find nothing to do never take the write lock.
      const found = await retryBusy(() => find({ ...request, limit: Math.min(1, request.limit) }), random)
      return found.length === 0 ? [] : await commits.write(() => take(request))
    },
    renew: (fences, until) =>
      commits.write<readonly Fence[]>(() => ({
        result: fences.filter((fence) => !rows.holds(fence)),
        apply() {
          for (const fence of fences) rows.renew(fence, until)
        },
      })),
    release: (fences, dueAt) =>
      commits.write<void>(() => ({
        result: undefined,
        hints: WORK_HINT,
        apply() {
          for (const fence of fences) rows.release(fence, dueAt)
        },
      })),
    finish: (fence) =>
      commits.write<boolean>(() =>
        rows.holds(fence) ? { result: true, apply: () => rows.delete(fence) } : { result: false },
      ),
    put: (work) =>
      commits.write<void>(() => ({
        result: undefined,
        hints: WORK_HINT,
        apply() {
          for (const one of work) rows.put(one)
        },
      })),
    nextDueAt: (kinds, now) => retryBusy(() => nextDueAt(kinds, now), random),
  }
}
