import { ANONYMOUS, type Principal } from '../access/principal.ts'
import type { ParleyError } from '../errors.ts'
import type { AppDeps, EdgeDeps } from './app-deps.ts'
import type { Spent } from './call-limits.ts'
import type { CallerRequest } from './callers.ts'
import { denialOf } from './denial-of.ts'
import { requestIdOf } from './request-id.ts'
import { traceparentOf } from './trace-context.ts'

/** The status recorded for a call whose client left before its answer; never sent. */
export const CLIENT_GONE = 499

/** What is known of a call when it begins, and what it turns out to be. */
export type CallInProgress = {
  readonly requestId: string
  readonly binding: 'http' | 'jsonrpc' | 'rest' | 'grpc'
  /** Of a clock that never goes back, in milliseconds. */
  readonly startedAt: number
  /** The caller's network address, as far as it can be trusted. */
  readonly from: string | undefined
  operation: string
  principal: Principal
  /** The limits that it was counted against; absent where there are none. */
  spent?: readonly Spent[]
  readonly traceparent: string | undefined
}

/** A call that begins now, of whom nobody knows yet. */
export const beginCall = (
  { newId, monotonicMs, callers }: EdgeDeps,
  request: CallerRequest,
  binding: CallInProgress['binding'],
  operation: string,
): CallInProgress => ({
  requestId: requestIdOf(request, newId),
  binding,
  startedAt: monotonicMs(),
  from: callers.addressOf(request),
  operation,
  principal: ANONYMOUS,
  traceparent: traceparentOf(request),
})

/**
 * Records that a call has ended, and whom it was denied to. A client that is gone hears of no failure, so none is recorded.
 */
export function finishCall(
  { events, monotonicMs, denials }: AppDeps,
  call: CallInProgress,
  status: number,
  error?: ParleyError,
): void {
  const { requestId, binding, startedAt, operation, principal, traceparent } = call
  events.callFinished({
    requestId,
    binding,
    operation,
    principal: principal.subject,
    durationMs: monotonicMs() - startedAt,
    status,
    ...(traceparent !== undefined && { traceparent }),
    ...(error !== undefined && status !== CLIENT_GONE && { error: { code: error.code, cause: error.cause } }),
  })
  const denial = error === undefined ? undefined : denialOf(call, error)
  if (denial !== undefined) denials.note(denial)
}
