import { setTimeout as delay } from 'node:timers/promises'

/** Asks another process again and again until it gives an answer; its last failure is the error's cause. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  deadlineMs = 20_000,
): Promise<T> {
  const end = Date.now() + deadlineMs
  let cause: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (reason) {
      cause = reason
    }
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause })
    await delay(25)
  }
}
