import type { NewId } from '../../a2a/ids.ts'
import type { EpochMs } from '../../tasks/task-head.ts'
import { firstOfLanes } from '../../work/first-of-lanes.ts'
import type { Claim, Fence, NewWork, WorkKind, WorkRef } from '../../work/work.ts'
import type { LeasedWork, LeaseRequest, WorkQueue } from '../../work/work-queue.ts'

type WorkRow = WorkRef & {
  readonly lane: string
  readonly dueAt: EpochMs
  readonly attempt: number
  readonly lease?: Claim
}

/** The queue as a task's commit sees it. */
export interface WorkRows {
  holds(fence: Fence): boolean
  put(work: NewWork): void
  delete(ref: WorkRef): void
}

export type MemoryWork = { readonly queue: WorkQueue; readonly rows: WorkRows }

const rowKey = (ref: WorkRef): string => `${ref.kind} ${ref.key}`

/** `tell` is called when there may be new work to lease. */
export function createMemoryWork(newToken: NewId, tell: () => void): MemoryWork {
  const table = new Map<string, WorkRow>()
  const isFree = (row: WorkRow, now: EpochMs) => row.lease === undefined || row.lease.until <= now

  const rows: WorkRows = {
    holds: (fence) => table.get(rowKey(fence))?.lease?.token === fence.token,
    put({ kind, key, lane, dueAt, claim }) {
      const known = table.get(rowKey({ kind, key }))
      const row = known ?? { kind, key, lane, attempt: claim === undefined ? 0 : 1, ...leaseOf(claim) }
      table.set(rowKey(row), { ...row, dueAt })
    },
    delete(ref) {
      table.delete(rowKey(ref))
    },
  }

  function lease(request: LeaseRequest): readonly LeasedWork[] {
    const due = [...table.values()]
      .filter((row) => request.kinds.includes(row.kind) && row.dueAt <= request.now)
      .filter((row) => isFree(row, request.now) && !request.busyLanes.includes(row.lane))
      .sort((a, b) => a.dueAt - b.dueAt)
    return firstOfLanes(due, request).map(({ lease: _, ...row }) => {
      const claim = { token: newToken(), until: request.now + request.leaseMs }
      const attempt = row.attempt + 1
      table.set(rowKey(row), { ...row, attempt, lease: claim })
      return { ...row, attempt, ...claim }
    })
  }

  function nextDueAt(kinds: readonly WorkKind[], now: EpochMs): EpochMs | undefined {
    let next: EpochMs | undefined
    for (const row of table.values()) {
      if (!kinds.includes(row.kind) || !isFree(row, now)) continue
      if (next === undefined || row.dueAt < next) next = row.dueAt
    }
    return next
  }

  const handBack = (fence: Fence, dueAt: (row: WorkRow) => EpochMs) => {
    const row = table.get(rowKey(fence))
    if (row === undefined || !rows.holds(fence)) return
    const { lease: _, ...free } = row
    table.set(rowKey(fence), { ...free, dueAt: dueAt(row), attempt: row.attempt - 1 })
  }

  const queue: WorkQueue = {
    async lease(request) {
      return lease(request)
    },
    async renew(fences, until) {
      return fences.filter((fence) => {
        const row = table.get(rowKey(fence))
        if (row === undefined || !rows.holds(fence)) return true
        table.set(rowKey(fence), { ...row, lease: { token: fence.token, until } })
        return false
      })
    },
    async release(fences, dueAt) {
      for (const fence of fences) handBack(fence, () => dueAt)
      tell()
    },
    async postpone(work, dueAt) {
      handBack(work, (row) => (row.dueAt === work.dueAt ? dueAt : Math.min(row.dueAt, dueAt)))
      tell()
    },
    async finish(fence) {
      if (!rows.holds(fence)) return false
      rows.delete(fence)
      return true
    },
    async put(work) {
      for (const one of work) rows.put(one)
      tell()
    },
    async nextDueAt(kinds, now) {
      return nextDueAt(kinds, now)
    },
  }
  return { queue, rows }
}

const leaseOf = (claim: Claim | undefined) =>
  claim === undefined ? {} : { lease: { token: claim.token, until: claim.until } }
