import { SendFailure } from '../alerts/alert-sender.ts'
import { ParleyError } from '../errors.ts'
import type { Guard } from './guard.ts'
import type { HttpClient } from './http.ts'
import { HttpError } from './http-error.ts'
import { retryAfterMs } from './retry-after.ts'

export type PostDeps = {
  readonly guard: Guard
  readonly http: HttpClient
  /** Tells servers who asks, as `parley/1.2.3`. */
  readonly userAgent: string
  readonly now: () => number
}

const TIMEOUT_MS = 10_000

/** Posts JSON to a channel's URL, by the policy for alerts. Follows no redirect. Rejects as `AlertSender.send` does. */
export async function postAlert(
  { guard, http, userAgent, now }: PostDeps,
  {
    url: text,
    body,
    headers = {},
  }: {
    readonly url: string
    readonly body: string
    readonly headers?: Readonly<Record<string, string>>
  },
  signal: AbortSignal,
): Promise<void> {
  const tooLate = AbortSignal.timeout(TIMEOUT_MS)
  const host = hostIn(text)
  try {
    const url = guard.check(text, 'alerts')
    const answer = await http.call({
      method: 'POST',
      url,
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, 'content-type': 'application/json', 'user-agent': userAgent },
      body,
      firstByteTimeoutMs: TIMEOUT_MS,
      silentTimeoutMs: TIMEOUT_MS,
      signal: AbortSignal.any([signal, tooLate]),
    })
    // What it says besides is of no use, and nobody waits for it.
    answer.discard()
    const { status } = answer
    if (status >= 200 && status < 300) return
    const pauseMs = retryAfterMs(answer.header('retry-after'), now())
    throw new SendFailure(
      status >= 300 && status < 400
        ? `${host} answered HTTP ${status}, and redirects are not followed`
        : `${host} answered HTTP ${status}`,
      {
        isTemporary: status === 408 || status === 429 || status >= 500,
        ...(pauseMs !== undefined && { retryAfterMs: pauseMs }),
      },
    )
  } catch (error) {
    if (error === tooLate.reason) {
      throw new SendFailure(`${host} did not answer within ${TIMEOUT_MS / 1000} seconds`, {
        isTemporary: true,
        mayHaveArrived: true,
      })
    }
    throw failureOf(error, host)
  }
}

/** All that is told of a URL: its path and query may be what lets one in. */
export const hostIn = (url: string): string => URL.parse(url)?.host ?? 'The host of the URL'

function failureOf(error: unknown, host: string): unknown {
  if (error instanceof ParleyError)
    return new SendFailure(error.message, { isTemporary: false, cause: error })
  if (!(error instanceof HttpError)) return error
  if (error.cause instanceof ParleyError) return failureOf(error.cause, host)
  return new SendFailure(`${host} ${error.message}`, {
    isTemporary: true,
    mayHaveArrived: error.failure !== 'unreachable',
    cause: error,
  })
}
