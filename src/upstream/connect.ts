import type { LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { ParleyError } from '../errors.ts'
import type { Guard, Purpose } from './guard.ts'
import { HttpError } from './http-error.ts'

/**
 * Opens connections to one origin, only to addresses that the guard has just checked. Fails with `HttpError`:
 * `forbidden` or `unreachable`, and either way nothing was sent.
 */
export function createConnector(
  guard: Guard,
  purpose: Purpose,
  origin: URL,
  options: { readonly timeoutMs: number; readonly allowH2?: boolean },
): buildConnector.connector {
  const lookup: LookupFunction = (_host, options, callback) => {
    guard.resolve(origin, purpose).then(
      ([first, ...others]) => {
        if (first === undefined) callback(new Error('the host has no address'), '')
        else if (options.all === true) callback(null, [first, ...others])
        else callback(null, first.address, first.family)
      },
      (error: Error) => callback(error, ''),
    )
  }
  const { timeoutMs: timeout, allowH2 = false } = options
  const open = buildConnector({ timeout, allowH2, lookup })
  return (target, callback) => {
    try {
      // The system looks no IP literal up, so only this check stands before it.
      guard.check(origin.href, purpose)
    } catch (error) {
      callback(httpErrorOf(error), null)
      return
    }
    open(target, (...[error, socket]) => {
      if (error === null) callback(null, socket)
      else callback(httpErrorOf(error), null)
    })
  }
}

/** For a failure before the connection stood. */
export function httpErrorOf(cause: unknown): HttpError {
  if (cause instanceof HttpError) return cause
  return cause instanceof ParleyError
    ? new HttpError('forbidden', 'may not be called', { cause })
    : new HttpError('unreachable', 'cannot be reached', { cause })
}
