import type { Events } from '../../telemetry/events.ts'
import type { ChangeStore } from './change-store.ts'

const HOUR_MS = 60 * 60 * 1000
/** Changes removed by one write. */
const PRUNE_BATCH = 1000

export type ChangeKeeping = {
  readonly store: Pick<ChangeStore, 'prune'>
  readonly events: Events
  readonly now: () => number
  /** How long changes are kept, in milliseconds. */
  readonly retentionMs: number
}

/** Removes what is older than `retentionMs`, at once and every hour. Dispose it before the store closes. */
export function keepChanges({ store, events, now, retentionMs }: ChangeKeeping): AsyncDisposable {
  let isOver = false
  let running: Promise<void> = Promise.resolve()

  async function prune(): Promise<void> {
    const before = now() - retentionMs
    while (!isOver && (await store.prune(before, PRUNE_BATCH)) === PRUNE_BATCH);
  }

  const run = (): void => {
    running = running.then(prune).catch((cause: unknown) => {
      events.unexpected({ where: 'pruning the change feed', cause })
    })
  }

  const hours = setInterval(run, HOUR_MS)
  run()
  return {
    async [Symbol.asyncDispose]() {
      isOver = true
      clearInterval(hours)
      await running
    },
  }
}
