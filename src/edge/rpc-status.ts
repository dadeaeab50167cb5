import type { ErrorCode } from '../errors.ts'

/** The codes of google.rpc.Code that we use: their numbers on gRPC, and what each is over HTTP. */
export const RPC_CODES = {
  INVALID_ARGUMENT: { number: 3, http: 400 },
  NOT_FOUND: { number: 5, http: 404 },
  PERMISSION_DENIED: { number: 7, http: 403 },
  RESOURCE_EXHAUSTED: { number: 8, http: 429 },
  FAILED_PRECONDITION: { number: 9, http: 400 },
  ABORTED: { number: 10, http: 409 },
  UNIMPLEMENTED: { number: 12, http: 501 },
  INTERNAL: { number: 13, http: 500 },
  UNAVAILABLE: { number: 14, http: 503 },
  UNAUTHENTICATED: { number: 16, http: 401 },
} as const

type RpcCode = keyof typeof RPC_CODES

/** Which of them each failure is, on gRPC and in the body of REST (A2A 1.0 §5.4). */
export const RPC_STATUS = {
  parse_error: 'INVALID_ARGUMENT',
  invalid_request: 'INVALID_ARGUMENT',
  method_not_found: 'UNIMPLEMENTED',
  invalid_params: 'INVALID_ARGUMENT',
  unauthenticated: 'UNAUTHENTICATED',
  forbidden: 'PERMISSION_DENIED',
  not_found: 'NOT_FOUND',
  method_not_allowed: 'UNIMPLEMENTED',
  agent_not_found: 'NOT_FOUND',
  task_not_found: 'NOT_FOUND',
  task_not_cancelable: 'FAILED_PRECONDITION',
  push_notification_not_supported: 'FAILED_PRECONDITION',
  unsupported_operation: 'FAILED_PRECONDITION',
  content_type_not_supported: 'INVALID_ARGUMENT',
  invalid_agent_response: 'INTERNAL',
  extended_agent_card_not_configured: 'FAILED_PRECONDITION',
  extension_support_required: 'FAILED_PRECONDITION',
  version_not_supported: 'FAILED_PRECONDITION',
  invalid_registration: 'INVALID_ARGUMENT',
  conflict: 'ABORTED',
  cursor_expired: 'FAILED_PRECONDITION',
  precondition_failed: 'ABORTED',
  idempotency_conflict: 'ABORTED',
  payload_too_large: 'RESOURCE_EXHAUSTED',
  too_many_requests: 'RESOURCE_EXHAUSTED',
  agent_unavailable: 'UNAVAILABLE',
  channel_unavailable: 'UNAVAILABLE',
  stream_resume_required: 'UNAVAILABLE',
  unavailable: 'UNAVAILABLE',
  internal: 'INTERNAL',
} as const satisfies Record<ErrorCode, RpcCode>
