import type { Claim, Fence, NewWork, WorkKind, WorkRef } from './work.ts'

/** Work this process may do until `until`, renewed while it goes on. */
export type LeasedWork = WorkRef &
  Claim & {
    readonly lane: string
    readonly dueAt: number
    /** 1 for the first lease ever taken on this work; more after a worker vanished. */
    readonly attempt: number
  }

export type LeaseRequest = {
  readonly kinds: readonly WorkKind[]
  readonly limit: number
  readonly now: number
  readonly leaseMs: number
  /** Lanes at their limit: work of these is left for later. */
  readonly busyLanes: readonly string[]
  /** Of one lane no more than so many; absent for as many as there are. */
  readonly perLane?: number
}

/**
 * The queue of deliveries and timers. Of all workers that lease at once exactly one gets each piece of work; a lease
 * that is not renewed by `until` may be taken over, and every commit fenced by the old token is refused from then on.
 */
export interface WorkQueue {
  /** Work that is due and not leased, earliest `dueAt` first. Each gets a new token and one more attempt. */
  lease(request: LeaseRequest): Promise<readonly LeasedWork[]>
  /** Extends the leases still held; returns those that are lost. */
  renew(fences: readonly Fence[], until: number): Promise<readonly Fence[]>
  /** Hands work back, due at `dueAt`, as if this lease had never been taken (`attempt` goes back by one). */
  release(fences: readonly Fence[], dueAt: number): Promise<void>
  /**
   * Hands work back as `release` does, due at `dueAt` or, when it was put again since it was leased and is due earlier
   * by that, then: what was put while it went on is not forgotten.
   */
  postpone(work: LeasedWork, dueAt: number): Promise<void>
  /** Removes work whose lease is held by `fence`; false when it is lost. */
  finish(fence: Fence): Promise<boolean>
  put(work: readonly NewWork[]): Promise<void>
  /** When the next work not leased now may be leased; expired leases count as due. `undefined` when there is none. */
  nextDueAt(kinds: readonly WorkKind[], now: number): Promise<number | undefined>
}
