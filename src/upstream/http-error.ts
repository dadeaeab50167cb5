import { ParleyError } from '../errors.ts'

/**
 * Where one HTTP exchange failed:
 * - `forbidden`: the guard refused the address; nothing was sent
 * - `unreachable`: no connection (DNS, refused, TLS, time-out); nothing was sent
 * - `broken`: the connection ended early, after the request may have been read
 * - `timed_out`: too long a silence, after the request may have been read
 * - `too_large`: the answer exceeds its limit
 * - `not_text`: the answer is not UTF-8
 * - `status`: the answer's status says no
 */
export type HttpFailure =
  | 'forbidden'
  | 'unreachable'
  | 'broken'
  | 'timed_out'
  | 'too_large'
  | 'not_text'
  | 'status'

/** The only error of exchanges over HTTP/1.1 and HTTP/2. `message` completes "the agent …" or "the server …". */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly failure: HttpFailure
  readonly status: number | undefined

  constructor(
    failure: HttpFailure,
    message: string,
    options: { readonly cause?: unknown; readonly status?: number } = {},
  ) {
    super(message, { cause: options.cause })
    this.failure = failure
    this.status = options.status
  }
}

export const tooLarge = (maxBytes: number): HttpError =>
  new HttpError('too_large', `sent more than the ${maxBytes} bytes allowed`)

/** What whoever asked for something of `server` is told: what the guard says, else that it is not to be had. */
export function fetchErrorOf(error: unknown, server: string): unknown {
  if (!(error instanceof HttpError)) return error
  if (error.cause instanceof ParleyError) return error.cause
  return new ParleyError('agent_unavailable', `${server} ${error.message}`, { cause: error })
}
