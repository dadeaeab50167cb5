import type { ParleyError } from '../../errors.ts'
import type { AppDeps } from './app-deps.ts'

/** The status recorded for a call whose client left before its answer; never sent. */
export const CLIENT_GONE = 499

/** What is known of a call when it begins, and what it turns out to be. */
export type CallInProgress = {
  readonly requestId: string
  readonly binding: 'http' | 'jsonrpc' | 'rest' | 'grpc'
  readonly startedAt: number
  operation: string
  principal: string
  traceparent: string | undefined
}

/** Records that a call has ended. A client that is gone hears of no failure, so none is recorded. */
export function finishCall(
  { events, monotonicMs }: AppDeps,
  call: CallInProgress,
  status: number,
  error?: ParleyError,
): void {
  const { requestId, binding, startedAt, operation, principal, traceparent } = call
  events.callFinished({
    requestId,
    binding,
    operation,
    principal,
    durationMs: monotonicMs() - startedAt,
    status,
    ...(traceparent !== undefined && { traceparent }),
    ...(error !== undefined && status !== CLIENT_GONE && { error: { code: error.code, cause: error.cause } }),
  })
}
