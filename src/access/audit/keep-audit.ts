import type { Events } from '../../telemetry/events.ts'
import type { AuditStore } from './audit-store.ts'
import type { Denials } from './denials.ts'

const FLUSH_MS = 60_000
const HOUR_MS = 60 * 60 * 1000
/** Entries removed by one write. */
const PRUNE_BATCH = 1000

export type AuditKeeping = {
  readonly store: Pick<AuditStore, 'heads' | 'prune'>
  readonly denials: Denials
  readonly events: Events
  readonly now: () => number
  /** How long entries are kept, in milliseconds. */
  readonly retentionMs: number
}

/**
 * Writes denials every minute. Every hour, and at the end, it tells the log where this process's chains stand, so that
 * whoever keeps the log elsewhere can prove that no entry was cut off; and it removes what is older than `retentionMs`.
 * Dispose it once no call can be refused any more, and before the store closes.
 */
export function keepAudit({ store, denials, events, now, retentionMs }: AuditKeeping): AsyncDisposable {
  let isOver = false
  let running: Promise<void> = Promise.resolve()

  async function tellHeads(): Promise<void> {
    for (const { tenant, writer, n, hash } of await store.heads()) {
      events.auditHead({ tenant, writer, n, hash })
    }
  }

  async function prune(): Promise<void> {
    const before = now() - retentionMs
    while (!isOver && (await store.prune(before, PRUNE_BATCH)) === PRUNE_BATCH);
  }

  const run = (steps: readonly (() => Promise<void>)[]): Promise<void> => {
    running = running.then(async () => {
      try {
        for (const step of steps) await step()
      } catch (cause) {
        events.unexpected({ where: 'keeping the audit log', cause })
      }
    })
    return running
  }

  const flushes = setInterval(() => void denials.flush(), FLUSH_MS)
  const hours = setInterval(() => void run([tellHeads, prune]), HOUR_MS)
  void run([prune])
  return {
    async [Symbol.asyncDispose]() {
      isOver = true
      clearInterval(flushes)
      clearInterval(hours)
      await denials.flush()
      await run([tellHeads])
    },
  }
}
