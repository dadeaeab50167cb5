import { setTimeout as sleep } from 'node:timers/promises'
import { isBusy } from './errors.ts'

/** A lock is held for milliseconds, for longer only while a checkpoint or a recovery runs. */
const MAX_WAIT_MS = 10_000
const MAX_DELAY_MS = 20

/**
 * Runs `attempt` at once, and as long as the database is locked again, waiting between attempts without holding up the
 * event loop (SQLite's own busy handler would block it). Rejects with the last error when that takes too long.
 */
export function retryBusy<T>(attempt: () => T, random: () => number): Promise<T> {
  try {
    return Promise.resolve(attempt())
  } catch (error) {
    return isBusy(error) ? retryLater(attempt, random) : Promise.reject(error)
  }
}

async function retryLater<T>(attempt: () => T, random: () => number): Promise<T> {
  let waitedMs = 0
  for (let round = 0; ; round++) {
    const delayMs = 1 + random() * Math.min(MAX_DELAY_MS, 2 + round)
    waitedMs += delayMs
    await sleep(delayMs)
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error) || waitedMs >= MAX_WAIT_MS) throw error
    }
  }
}
