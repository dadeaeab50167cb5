import { HttpError } from './http-error.ts'

export type Within = <T>(timeoutMs: number, wait: () => Promise<T>) => Promise<T>

/**
 * Waits no longer than a time-out, which ends the whole exchange by aborting `silence`, and says in our words why a wait
 * failed: with the reason of `signal`, which must follow `silence`, else with `HttpError`.
 */
export const createWithin =
  (silence: AbortController, signal: AbortSignal): Within =>
  async (timeoutMs, wait) => {
    const giveUp = () =>
      silence.abort(new HttpError('timed_out', `sent nothing for ${timeoutMs / 1000} seconds`))
    const timer = setTimeout(giveUp, timeoutMs)
    try {
      signal.throwIfAborted()
      return await wait()
    } catch (cause) {
      if (signal.aborted) throw signal.reason
      if (cause instanceof HttpError) throw cause
      throw new HttpError('broken', 'ended the connection early', { cause })
    } finally {
      clearTimeout(timer)
    }
  }

/** For what does not hear the signal itself. */
export async function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
