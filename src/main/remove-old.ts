import type { Events } from '../telemetry/events.ts'

const HOUR_MS = 60 * 60 * 1000
/** What one write removes at most. */
const BATCH = 1000

export type RemoveOldDeps = {
  /** What is removed, for operators. */
  readonly what: string
  /** Removes up to `limit` of what is from before a time, and says how many that were. */
  readonly store: { prune(before: number, limit: number): Promise<number> }
  readonly retentionMs: number
  readonly events: Pick<Events, 'unexpected'>
  readonly now: () => number
}

/** Removes what is older than `retentionMs`, at once and every hour. Dispose it before the store closes. */
export function removeOld({ what, store, retentionMs, events, now }: RemoveOldDeps): AsyncDisposable {
  let isOver = false
  let running: Promise<void> = Promise.resolve()

  async function prune(): Promise<void> {
    const before = now() - retentionMs
    while (!isOver && (await store.prune(before, BATCH)) === BATCH);
  }

  const run = (): void => {
    running = running.then(prune).catch((cause: unknown) => {
      events.unexpected({ where: `removing old ${what}`, cause })
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
