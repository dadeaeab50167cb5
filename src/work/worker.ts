import type { Events } from '../telemetry/events.ts'
import type { Claim, Fence, WorkKind } from './work.ts'
import { LeaseLost } from './work.ts'
import type { LeasedWork, WorkQueue } from './work-queue.ts'

export type WorkerDeps = {
  readonly queue: WorkQueue
  readonly now: () => number
  readonly newId: () => string
  readonly events: Pick<Events, 'unexpected'>
}

/** One piece of leased work under way. */
export type Run = {
  readonly work: LeasedWork
  /** The lease was reserved in the commit that created the work. */
  readonly reserved: boolean
  /** Aborts when the lease is lost or the work is to be handed back. */
  readonly signal: AbortSignal
  /** Says whether interrupting now is harmless, because another worker can go on from here. */
  readonly setResumable: (resumable: boolean) => void
}

/**
 * How a run ended: the work is off the queue; due again later; or due again later unless it was put again for an
 * earlier time while it went on.
 */
export type RunResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly dueAt: number }
  | { readonly kind: 'postponed'; readonly dueAt: number }

/** How work ended for a worker: off the queue, due again later, given to another worker, or already taken by one. */
export type WorkOutcome = 'done' | 'again' | 'handed_back' | 'lost'

/**
 * Work of one kind that is created with a lease of this process, which spares the queue's round trip.
 */
export interface LocalWorker {
  /** A lease for new work of this lane, or `undefined` when the worker is at its limits. */
  reserve(lane: string): Claim | undefined
  /** The commit that carried the reservation is durable: do the work. */
  begin(key: string, lane: string, claim: Claim): void
  /** The commit did not happen. */
  abandon(lane: string): void
}

/**
 * A worker leases work and does it, a bounded number of pieces at once, in all and per lane.
 *
 * - *running*: whenever there is news, a piece ends or work falls due, it leases as much as it has room for. Every
 *   `renewMs` it renews what it holds; a lease that turns out lost aborts its run at once.
 * - *stopping*: it leases nothing more. Runs whose agent has accepted the message are interrupted and handed back, due
 *   at once; the others get `graceMs` to reach that point, and are then interrupted as well.
 */
export type WorkerOptions = {
  /** What is created with a lease of this worker is of the first of them. */
  readonly kinds: readonly [WorkKind, ...WorkKind[]]
  readonly concurrency: number
  readonly perLane: number
  readonly leaseMs: number
  readonly renewMs: number
  readonly graceMs: number
  readonly run: (run: Run) => Promise<RunResult>
  /** Told when each run begins; what it answers is told how that ended. */
  readonly began?: (work: LeasedWork) => (outcome: WorkOutcome) => void
}

/** How long leases last, in the product. */
export const LEASE = { leaseMs: 30_000, renewMs: 10_000, graceMs: 5000 }

export interface Worker extends LocalWorker, AsyncDisposable {
  /** Something may be due. */
  wake(): void
  /** How many pieces of work are under way. */
  readonly active: number
}

/** However quiet it is, the queue is looked at this often: hints may be lost. */
const MAX_SLEEP_MS = 1000

type Active = {
  readonly work: LeasedWork
  readonly abort: AbortController
  resumable: boolean
  ended: Promise<void>
}

export function startWorker(deps: WorkerDeps, options: WorkerOptions): Worker {
  const active = new Map<string, Active>()
  const lanes = new Map<string, number>()
  let stopping = false
  let leasing: Promise<void> | undefined
  let again = false
  let sleep: NodeJS.Timeout | undefined
  let reserved = 0

  const isFull = () => active.size + reserved >= options.concurrency
  const countLane = (lane: string, by: number) => {
    const count = (lanes.get(lane) ?? 0) + by
    if (count > 0) lanes.set(lane, count)
    else lanes.delete(lane)
  }
  const busyLanes = () => [...lanes].filter(([, count]) => count >= options.perLane).map(([lane]) => lane)
  /** How much every lane has room for that is not busy; those that have more room get it by leasing again. */
  const roomInLanes = () =>
    options.perLane - Math.max(0, ...[...lanes.values()].filter((count) => count < options.perLane))

  const wake = () => {
    again = true
    if (!stopping) leasing ??= leaseAll()
  }

  async function leaseAll(): Promise<void> {
    clearTimeout(sleep)
    const hasMore = () => again && !stopping && !isFull()
    do {
      while (hasMore()) await leaseSome()
      if (!stopping) await setAlarm()
      // What woke us while the alarm was being set has not been looked at.
    } while (hasMore())
    leasing = undefined
  }

  async function leaseSome(): Promise<void> {
    again = false
    try {
      const leased = await deps.queue.lease({
        kinds: options.kinds,
        limit: options.concurrency - active.size - reserved,
        now: deps.now(),
        leaseMs: options.leaseMs,
        busyLanes: busyLanes(),
        perLane: roomInLanes(),
      })
      for (const work of leased) begin(work, false)
      if (leased.length > 0) again = true
    } catch (cause) {
      deps.events.unexpected({ where: 'leasing work', cause })
    }
  }

  async function setAlarm(): Promise<void> {
    const now = deps.now()
    // A queue that cannot say is asked again after the longest sleep; leasing reports what is wrong with it.
    const dueAt = await deps.queue.nextDueAt(options.kinds, now).catch(() => undefined)
    // Work that is due but left alone belongs to a lane at its limit; the end of a run wakes us for it.
    const sleepMs = dueAt === undefined || dueAt <= now ? MAX_SLEEP_MS : Math.min(dueAt - now, MAX_SLEEP_MS)
    clearTimeout(sleep)
    if (!stopping) sleep = setTimeout(wake, sleepMs)
  }

  function begin(work: LeasedWork, isReserved: boolean): void {
    const abort = new AbortController()
    const entry: Active = { work, abort, resumable: false, ended: Promise.resolve() }
    active.set(work.token, entry)
    countLane(work.lane, 1)
    entry.ended = perform(entry, isReserved)
  }

  async function perform(entry: Active, isReserved: boolean): Promise<void> {
    const { work, abort } = entry
    const ended = options.began?.(work)
    let outcome: WorkOutcome = 'done'
    try {
      // The rest of the turn that began this run goes first: it answers a client.
      await Promise.resolve()
      const result = await options.run({
        work,
        reserved: isReserved,
        signal: abort.signal,
        setResumable(resumable) {
          entry.resumable = resumable
          if (resumable && stopping) abort.abort()
        },
      })
      if (result.kind === 'again') {
        outcome = 'again'
        await handBack(work, result.dueAt)
      } else if (result.kind === 'postponed') {
        outcome = 'again'
        await deps.queue.postpone(work, result.dueAt)
      }
    } catch (cause) {
      outcome = cause instanceof LeaseLost || lostTokens.has(work.token) ? 'lost' : 'handed_back'
      if (outcome === 'handed_back') {
        if (!abort.signal.aborted) deps.events.unexpected({ where: `work ${work.kind}`, cause })
        await handBack(work, deps.now() + (abort.signal.aborted ? 0 : UNEXPECTED_PAUSE_MS))
      }
    } finally {
      lostTokens.delete(work.token)
      active.delete(work.token)
      countLane(work.lane, -1)
      ended?.(outcome)
      if (!stopping) wake()
    }
  }

  const handBack = (work: LeasedWork, dueAt: number) =>
    deps.queue.release([fenceOf(work)], dueAt).catch((cause: unknown) => {
      deps.events.unexpected({ where: 'handing work back', cause })
    })

  const lostTokens = new Set<string>()
  const renewal = setInterval(() => void renew(), options.renewMs)

  async function renew(): Promise<void> {
    const held = [...active.values()].map(({ work }) => fenceOf(work))
    if (held.length === 0) return
    try {
      for (const lost of await deps.queue.renew(held, deps.now() + options.leaseMs)) {
        lostTokens.add(lost.token)
        active.get(lost.token)?.abort.abort()
      }
    } catch (cause) {
      deps.events.unexpected({ where: 'renewing leases', cause })
    }
  }

  async function stop(): Promise<void> {
    stopping = true
    clearTimeout(sleep)
    await leasing
    for (const entry of active.values()) if (entry.resumable) entry.abort.abort()
    const grace = setTimeout(() => {
      for (const entry of active.values()) entry.abort.abort()
    }, options.graceMs)
    while (active.size > 0) await Promise.all([...active.values()].map(({ ended }) => ended))
    clearTimeout(grace)
    clearInterval(renewal)
    clearTimeout(sleep)
  }

  wake()
  return {
    wake,
    get active() {
      return active.size
    },
    reserve(lane) {
      if (stopping || isFull() || (lanes.get(lane) ?? 0) >= options.perLane) return undefined
      reserved++
      countLane(lane, 1)
      return { token: deps.newId(), until: deps.now() + options.leaseMs }
    },
    begin(key, lane, claim) {
      release(lane)
      begin({ kind: options.kinds[0], key, lane, dueAt: deps.now(), attempt: 1, ...claim }, true)
    },
    abandon: release,
    [Symbol.asyncDispose]: stop,
  }

  function release(lane: string): void {
    reserved--
    countLane(lane, -1)
  }
}

/** A piece of work that failed in a way nobody foresaw is tried again after this long. */
const UNEXPECTED_PAUSE_MS = 5000

const fenceOf = ({ kind, key, token }: LeasedWork & Claim): Fence => ({ kind, key, token })
