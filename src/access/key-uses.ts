import type { Events } from '../telemetry/events.ts'
import type { KeyStore } from './key-store.ts'

/**
 * When keys were last used, about: a use is written in the background, at most once in five minutes for each key. Disposing
 * writes what is not written yet.
 */
export interface KeyUses extends AsyncDisposable {
  /** Costs a look into a table, and never waits or fails. */
  note(keyId: string): void
}

export type KeyUsesDeps = {
  readonly keys: Pick<KeyStore, 'markUsed'>
  readonly now: () => number
  readonly events: Events
}

const WRITE_EVERY_MS = 5 * 60_000
/** Of more keys than this, those written longest ago are forgotten, and written again at their next use. */
const MAX_KEYS = 10_000
const WRITES_AT_ONCE = 50

export function createKeyUses({ keys, now, events }: KeyUsesDeps): KeyUses {
  /** Ordered by `writtenAt`. */
  const known = new Map<string, { readonly writtenAt: number; usedAt: number }>()
  const due = new Map<string, number>()
  let writing: Promise<void> | undefined
  let isClosed = false

  const write = (id: string, at: number): Promise<void> =>
    keys.markUsed(id, at).catch((cause: unknown) => events.unexpected({ where: 'use of a key', cause }))

  async function writeDue(): Promise<void> {
    while (due.size > 0) {
      const batch = [...due].slice(0, WRITES_AT_ONCE)
      for (const [id] of batch) due.delete(id)
      await Promise.all(batch.map(([id, at]) => write(id, at)))
    }
    writing = undefined
  }

  function put(id: string, at: number): void {
    due.set(id, at)
    writing ??= writeDue()
  }

  function forget(id: string): void {
    const entry = known.get(id)
    known.delete(id)
    if (entry !== undefined && entry.usedAt > entry.writtenAt) put(id, entry.usedAt)
  }

  return {
    note(id) {
      if (isClosed) return
      const at = now()
      const entry = known.get(id)
      // A clock that was set back must not keep a key from being written.
      if (entry !== undefined && Math.abs(at - entry.writtenAt) < WRITE_EVERY_MS) {
        entry.usedAt = at
        return
      }
      // While the store does not keep up, uses are lost rather than gathered.
      if (due.size >= MAX_KEYS) return
      known.delete(id)
      known.set(id, { writtenAt: at, usedAt: at })
      put(id, at)
      const [oldest] = known.keys()
      if (known.size > MAX_KEYS && oldest !== undefined) forget(oldest)
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      for (const id of [...known.keys()]) forget(id)
      await writing
    },
  }
}
