import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Hint } from '../../tasks/news.ts'
import type { Connection } from './connection.ts'
import { toStorageError } from './errors.ts'
import { retryBusy } from './retry-busy.ts'

/** What a write came to. Without `apply` nothing is written. */
export type Decision<T> = {
  readonly result: T
  readonly apply?: () => void
  readonly hints?: readonly Hint[]
}

/**
 * Reads what it must know and decides; only `apply` writes. So a write that is refused, or throws while it decides,
 * leaves the others of its group alone. May be called again when the group has to start over.
 */
export type Write<T> = () => Decision<T>

export type GroupCommitOptions = {
  readonly connection: Connection
  readonly random: () => number
  /** Called in the transaction, with the hints of all its writes. */
  readonly record: (hints: readonly Hint[]) => void
  /** Called once they are durable. */
  readonly publish: (hints: readonly Hint[]) => void
  /** Called after each commit, with about how many pages it wrote. */
  readonly wrote?: (pages: number) => void
}

/** Bounds of one transaction, so that neither the event loop nor other processes wait long for it. */
const MAX_GROUP_WRITES = 256
const MAX_GROUP_BYTES = 8 * 1024 * 1024
const MAX_GATHER_TURNS = 4

/** A write that waits. Its caller is answered by `succeed` or `fail`, after the commit. */
type Entry = {
  readonly bytes: number
  decide(): Pick<Decision<unknown>, 'apply' | 'hints'>
  succeed(): void
  fail(error: unknown): void
}

type Outcome = {
  readonly hints: readonly Hint[]
  readonly failures: ReadonlyMap<Entry, unknown>
}

/**
 * All writes of a turn of the event loop share one transaction and one fsync. Each is answered only after that, and
 * one that fails takes no other with it: if writing itself fails, the group starts over with a savepoint for each.
 */
export class GroupCommit implements AsyncDisposable {
  readonly #options: GroupCommitOptions
  #queue: Entry[] = []
  #draining: Promise<void> | undefined
  #closed = false

  constructor(options: GroupCommitOptions) {
    this.#options = options
  }

  /** `bytes` is about how much it will write. */
  write<T>(write: Write<T>, bytes = 0): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('The database is closed'))
    return new Promise<T>((resolve, reject) => {
      this.#queue.push(entryOf(write, bytes, resolve, reject))
      this.#draining ??= this.#drain()
    })
  }

  /** Waits for the writes under way and refuses later ones. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#draining
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#gather()
      const group = this.#takeGroup()
      try {
        await retryBusy(() => this.#commit(group), this.#options.random)
      } catch (error) {
        for (const entry of group) entry.fail(toStorageError(error))
      }
    }
    this.#draining = undefined
  }

  /** Lets a group grow for a few turns while it does; a write that comes alone waits for one. */
  async #gather(): Promise<void> {
    for (let turn = 0; turn < MAX_GATHER_TURNS; turn++) {
      const before = this.#queue.length
      await nextTurn()
      if (this.#queue.length === before) return
    }
  }

  #takeGroup(): readonly Entry[] {
    let bytes = 0
    let count = 0
    for (const entry of this.#queue) {
      bytes += entry.bytes
      if (count === MAX_GROUP_WRITES || (count > 0 && bytes > MAX_GROUP_BYTES)) break
      count++
    }
    return this.#queue.splice(0, count)
  }

  #commit(group: readonly Entry[]): void {
    const { connection, record, publish } = this.#options
    connection.run('BEGIN IMMEDIATE')
    let outcome: Outcome
    try {
      outcome = this.#writeTogether(group) ?? this.#writeEach(group)
      if (outcome.hints.length > 0) record(outcome.hints)
      connection.run('COMMIT')
    } catch (error) {
      this.#rollBack()
      throw error
    }
    for (const entry of group) {
      if (outcome.failures.has(entry)) entry.fail(toStorageError(outcome.failures.get(entry)))
      else entry.succeed()
    }
    publish(outcome.hints)
    this.#options.wrote?.(pagesOf(group))
  }

  /** `undefined` when a write failed half way, so that the transaction holds what must not stay. */
  #writeTogether(group: readonly Entry[]): Outcome | undefined {
    const failures = new Map<Entry, unknown>()
    const hints: Hint[] = []
    for (const entry of group) {
      const decided = attempt(() => entry.decide())
      if (!this.#options.connection.isTransaction) return undefined
      if ('error' in decided) {
        failures.set(entry, decided.error)
        continue
      }
      const { apply, hints: news = [] } = decided.value
      if (apply !== undefined && 'error' in attempt(apply)) return undefined
      hints.push(...news)
    }
    return { hints, failures }
  }

  #writeEach(group: readonly Entry[]): Outcome {
    const { connection } = this.#options
    this.#rollBack()
    connection.exec('BEGIN IMMEDIATE')
    const failures = new Map<Entry, unknown>()
    const hints: Hint[] = []
    for (const entry of group) {
      connection.exec('SAVEPOINT one')
      const written = attempt(() => {
        const decision = entry.decide()
        decision.apply?.()
        return decision.hints ?? []
      })
      if ('value' in written) hints.push(...written.value)
      else {
        if (!connection.isTransaction) throw written.error
        failures.set(entry, written.error)
        connection.exec('ROLLBACK TO one')
      }
      connection.exec('RELEASE one')
    }
    return { hints, failures }
  }

  #rollBack(): void {
    if (this.#options.connection.isTransaction) this.#options.connection.exec('ROLLBACK')
  }
}

/** The trees that most writes touch at their ends, the rows of each write, and large bodies. */
const pagesOf = (group: readonly Entry[]): number =>
  group.reduce((pages, { bytes }) => pages + 1 + bytes / 2048, 16)

function entryOf<T>(
  write: Write<T>,
  bytes: number,
  resolve: (result: T) => void,
  reject: (error: unknown) => void,
): Entry {
  let answer = () => reject(new Error('The write was never decided'))
  return {
    bytes,
    decide() {
      const { result, ...decision } = write()
      answer = () => resolve(result)
      return decision
    },
    succeed: () => answer(),
    fail: reject,
  }
}

function attempt<T>(run: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: run() }
  } catch (error) {
    return { error }
  }
}
