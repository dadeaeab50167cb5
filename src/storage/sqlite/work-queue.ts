import type { NewId } from '../../a2a/ids.ts'
import type { Hint } from '../../tasks/news.ts'
import type { EpochMs } from '../../tasks/task-head.ts'
import { firstOfLanes } from '../../work/first-of-lanes.ts'
import { type Fence, WORK_KINDS, type WorkKind } from '../../work/work.ts'
import type { LeasedWork, LeaseRequest, WorkQueue } from '../../work/work-queue.ts'
import { integerIn, integerOrNullIn, textIn } from './columns.ts'
import type { Connection, Row } from './connection.ts'
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

/** When the first free work of each lane is due. Steps from lane to lane, however much waits in each. */
const LANES = `
  WITH RECURSIVE lanes (lane) AS (
    SELECT min(lane) FROM work WHERE until = 0 AND kind = ?1
    UNION ALL
    SELECT (SELECT min(lane) FROM work WHERE until = 0 AND kind = ?1 AND lane > lanes.lane)
    FROM lanes WHERE lanes.lane IS NOT NULL
  )
  SELECT lane, (SELECT min(due_at) FROM work WHERE until = 0 AND kind = ?1 AND lane = lanes.lane) AS due_at
  FROM lanes WHERE lane IS NOT NULL`

const FIND_IN_LANE = `
  SELECT key, kind, lane, due_at, attempt FROM work
  WHERE until = 0 AND kind = ? AND lane = ? AND due_at <= ? ORDER BY due_at LIMIT ?`

const FIND_EXPIRED = `
  SELECT key, kind, lane, due_at, attempt FROM work
  WHERE until > 0 AND until <= ? ORDER BY until LIMIT ?`

/** How many expired leases one transaction clears away; the next one goes on. */
const MAX_EXPIRED = 1000

const TAKE = 'UPDATE work SET token = ?, until = ?, attempt = ? WHERE key = ? AND kind = ?'

/** The token stays: whoever held the lease may go on until somebody takes it over. */
const SET_FREE = 'UPDATE work SET until = 0 WHERE key = ? AND kind = ?'

const NEXT_EXPIRED = 'SELECT min(due_at) AS due_at FROM work WHERE until > 0 AND until <= ? AND kind = ?'

const WORK_HINT: readonly Hint[] = [{ kind: 'work' }]

export function createSqliteWorkQueue(options: SqliteWorkOptions): WorkQueue {
  const { connection, commits, rows, newId, random } = options

  const lanesOf = (kind: WorkKind) =>
    connection.all(LANES, kind).map((row) => ({
      kind,
      lane: textIn(row, 'lane'),
      dueAt: integerIn(row, 'due_at'),
    }))

  /** Lanes with work that may be leased, the one that has waited longest first. */
  const findLanes = ({ kinds, now, busyLanes }: LeaseRequest) =>
    kinds
      .flatMap(lanesOf)
      .filter(({ lane, dueAt }) => dueAt <= now && !busyLanes.includes(lane))
      .sort(earliestFirst)

  /** The first `limit` pieces of free work lie in as many lanes at most. */
  const findFree = (request: LeaseRequest): readonly Candidate[] => {
    const { limit, now, perLane = limit } = request
    return findLanes(request)
      .slice(0, limit)
      .flatMap(({ kind, lane }) => connection.all(FIND_IN_LANE, kind, lane, now, Math.min(limit, perLane)))
      .map(candidateIn)
  }

  const mayTake = ({ kinds, now, busyLanes }: LeaseRequest, work: Candidate): boolean =>
    kinds.includes(work.kind) && work.dueAt <= now && !busyLanes.includes(work.lane)

  function take(request: LeaseRequest): Decision<readonly LeasedWork[]> {
    const expired = connection.all(FIND_EXPIRED, request.now, MAX_EXPIRED).map(candidateIn)
    const until = request.now + request.leaseMs
    const due = [...findFree(request), ...expired.filter((work) => mayTake(request, work))]
    const leased = firstOfLanes(due.sort(earliestFirst), request).map(
      (work): LeasedWork => ({ ...work, token: newId(), until }),
    )
    return {
      result: leased,
      apply() {
        for (const { key, kind } of expired) connection.run(SET_FREE, key, kind)
        for (const { token, attempt, key, kind } of leased) {
          connection.run(TAKE, token, until, attempt, key, kind)
        }
      },
    }
  }

  const hasSomething = (request: LeaseRequest): boolean =>
    request.limit > 0 &&
    (findLanes(request).length > 0 || connection.get(FIND_EXPIRED, request.now, 1) !== undefined)

  function nextDueAt(kinds: readonly WorkKind[], now: EpochMs): EpochMs | undefined {
    const times = kinds.flatMap((kind) => {
      const expired = connection.get(NEXT_EXPIRED, now, kind)
      const dueAt = expired === undefined ? undefined : integerOrNullIn(expired, 'due_at')
      return [...lanesOf(kind).map((lane) => lane.dueAt), ...(dueAt === undefined ? [] : [dueAt])]
    })
    return times.length === 0 ? undefined : Math.min(...times)
  }

  return {
    async lease(request) {
      // A look first, so that workers that find nothing to do never take the write lock.
      const worthwhile = await retryBusy(() => hasSomething(request), random)
      return worthwhile ? await commits.write(() => take(request)) : []
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
    postpone: (work, dueAt) =>
      commits.write<void>(() => ({
        result: undefined,
        hints: WORK_HINT,
        apply: () => rows.postpone(work, work.dueAt, dueAt),
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

const earliestFirst = (a: { readonly dueAt: EpochMs }, b: { readonly dueAt: EpochMs }): number =>
  a.dueAt - b.dueAt

/** A piece of work as it will be once it is leased. */
function candidateIn(row: Row): Candidate {
  const kindText = textIn(row, 'kind')
  const kind = WORK_KINDS.find((known) => known === kindText)
  if (kind === undefined) throw new TypeError('Work of an unknown kind is stored')
  return {
    kind,
    key: textIn(row, 'key'),
    lane: textIn(row, 'lane'),
    dueAt: integerIn(row, 'due_at'),
    attempt: integerIn(row, 'attempt') + 1,
  }
}
