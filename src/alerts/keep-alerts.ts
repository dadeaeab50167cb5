import type { Events } from '../telemetry/events.ts'
import type { AlertStore } from './alert-store.ts'

const HOUR_MS = 60 * 60 * 1000
/** Alerts removed by one write. */
const PRUNE_BATCH = 1000

export type AlertKeeping = {
  readonly alerts: Pick<AlertStore, 'prune'>
  readonly events: Pick<Events, 'unexpected'>
  readonly now: () => number
  /** How long alerts are kept that are over, in milliseconds. */
  readonly retentionMs: number
}

/** Removes, every hour, alerts that ended too long ago. Dispose it before the store closes. */
export function keepAlerts({ alerts, events, now, retentionMs }: AlertKeeping): AsyncDisposable {
  let isOver = false
  let running: Promise<void> = Promise.resolve()

  async function prune(): Promise<void> {
    const before = now() - retentionMs
    try {
      while ((await alerts.prune(before, PRUNE_BATCH)) === PRUNE_BATCH && !isOver);
    } catch (cause) {
      events.unexpected({ where: 'removing old alerts', cause })
    }
  }

  const run = () => {
    running = running.then(prune)
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
