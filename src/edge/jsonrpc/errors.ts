import type { Version } from '../../a2a/version.ts'
import type { ErrorCode, ParleyError } from '../../errors.ts'
import { errorDetails } from '../error-details.ts'

type JsonRpcFailure = {
  /** JSON-RPC 2.0 §5.1, A2A 1.0 §5.4. */
  readonly code: number
  /** The code in A2A 0.3, which has no name for the failure. */
  readonly codeIn0_3?: number
  /** HTTP status: 200 unless the failure is one of HTTP itself. */
  readonly status: number
  /** HTTP status while the body has not been read, where it differs. */
  readonly unreadStatus?: number
}

const over = (code: number, status = 200): JsonRpcFailure => ({ code, status })

const INVALID_REQUEST = -32600
const INTERNAL = -32603

/** How JSON-RPC tells each failure. */
export const JSONRPC_FAILURES = {
  parse_error: over(-32700),
  invalid_request: over(INVALID_REQUEST),
  method_not_found: over(-32601),
  invalid_params: over(-32602),
  unauthenticated: over(INVALID_REQUEST, 401),
  forbidden: over(INVALID_REQUEST, 403),
  not_found: over(INVALID_REQUEST, 404),
  method_not_allowed: over(INVALID_REQUEST, 405),
  agent_not_found: over(INVALID_REQUEST, 404),
  task_not_found: over(-32001),
  task_not_cancelable: over(-32002),
  push_notification_not_supported: over(-32003),
  unsupported_operation: over(-32004),
  content_type_not_supported: { ...over(-32005), unreadStatus: 415 },
  invalid_agent_response: over(-32006),
  extended_agent_card_not_configured: over(-32007),
  extension_support_required: { ...over(-32008), codeIn0_3: INVALID_REQUEST },
  version_not_supported: { ...over(-32009), codeIn0_3: INVALID_REQUEST },
  invalid_registration: over(-32602),
  conflict: over(INVALID_REQUEST),
  cursor_expired: over(INVALID_REQUEST, 410),
  precondition_failed: over(INVALID_REQUEST),
  idempotency_conflict: over(INVALID_REQUEST),
  payload_too_large: over(INVALID_REQUEST, 413),
  too_many_requests: over(INVALID_REQUEST, 429),
  agent_unavailable: over(INTERNAL),
  channel_unavailable: over(INTERNAL),
  stream_resume_required: over(INTERNAL),
  unavailable: over(INTERNAL, 503),
  internal: over(INTERNAL),
} as const satisfies Record<ErrorCode, JsonRpcFailure>

export function statusOf(error: ParleyError, bodyWasRead: boolean): number {
  const failure: JsonRpcFailure = JSONRPC_FAILURES[error.code]
  return bodyWasRead ? failure.status : (failure.unreadStatus ?? failure.status)
}

export function jsonRpcCode(code: ErrorCode, version: Version): number {
  const failure: JsonRpcFailure = JSONRPC_FAILURES[code]
  return version === '0.3' ? (failure.codeIn0_3 ?? failure.code) : failure.code
}

/** The `error` member of a response (A2A 1.0 §9.5): every item of `data` names its type. */
export const errorObject = (error: ParleyError, requestId: string, version: Version): object => ({
  code: jsonRpcCode(error.code, version),
  message: error.message,
  data: errorDetails(error, requestId),
})
