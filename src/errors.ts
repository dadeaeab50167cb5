/**
 * Every way a call can fail. One closed list; each binding maps it once, exhaustively.
 *
 * A code that hides existence (`agent_not_found`, `task_not_found`, `not_found`) is also the
 * answer for what the caller may not see.
 */
export const ERROR_CODES = [
  'parse_error',
  'invalid_request',
  'method_not_found',
  'invalid_params',
  'unauthenticated',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'agent_not_found',
  'task_not_found',
  'task_not_cancelable',
  'push_notification_not_supported',
  'unsupported_operation',
  'content_type_not_supported',
  'invalid_agent_response',
  'extended_agent_card_not_configured',
  'extension_support_required',
  'version_not_supported',
  'invalid_registration',
  'conflict',
  'cursor_expired',
  'precondition_failed',
  'idempotency_conflict',
  'payload_too_large',
  'too_many_requests',
  'agent_unavailable',
  'channel_unavailable',
  'stream_resume_required',
  'unavailable',
  'internal',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** One thing wrong with an input. `pointer` is an RFC 6901 JSON pointer into what the caller sent. */
export type Violation = {
  readonly pointer: string
  readonly code: string
  readonly message: string
  readonly hint?: string
}

export type ParleyErrorOptions = {
  readonly cause?: unknown
  readonly retryAfterMs?: number
  readonly violations?: readonly Violation[]
  /** Facts a program may read, such as the task's id. Sent to the caller. */
  readonly details?: Readonly<Record<string, string>>
}

/**
 * The only error that crosses a boundary.
 *
 * `message` is written for the caller and may be sent to them; `cause` is for the operator and
 * never leaves the process.
 */
export class ParleyError extends Error {
  override readonly name = 'ParleyError'
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined
  readonly violations: readonly Violation[]
  readonly details: Readonly<Record<string, string>>

  constructor(code: ErrorCode, message: string, options: ParleyErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    this.violations = options.violations ?? []
    this.details = options.details ?? {}
  }

  /** Anything we did not throw on purpose is `internal`, with its text withheld. */
  static from(reason: unknown): ParleyError {
    if (reason instanceof ParleyError) return reason
    return new ParleyError('internal', 'Internal error', { cause: reason })
  }
}
