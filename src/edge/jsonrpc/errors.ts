import type { ErrorCode, ParleyError } from '../../errors.ts'

const A2A_DOMAIN = 'a2a-protocol.org'
const OWN_DOMAIN = 'parley.dev'

type JsonRpcFailure = {
  /** JSON-RPC 2.0 §5.1, A2A 1.0 §5.4. */
  readonly code: number
  /** HTTP status: 200 unless the failure is one of HTTP itself. */
  readonly status: number
  /** HTTP status while the body has not been read, where it differs. */
  readonly unreadStatus?: number
  readonly domain: string
}

const own = (code: number, status = 200): JsonRpcFailure => ({ code, status, domain: OWN_DOMAIN })
const a2a = (code: number): JsonRpcFailure => ({ code, status: 200, domain: A2A_DOMAIN })

const INVALID_REQUEST = -32600
const INTERNAL = -32603

/** How JSON-RPC tells each failure. */
export const JSONRPC_FAILURES = {
  parse_error: own(-32700),
  invalid_request: own(INVALID_REQUEST),
  method_not_found: own(-32601),
  invalid_params: own(-32602),
  unauthenticated: own(INVALID_REQUEST, 401),
  forbidden: own(INVALID_REQUEST, 403),
  not_found: own(INVALID_REQUEST, 404),
  method_not_allowed: own(INVALID_REQUEST, 405),
  agent_not_found: own(INVALID_REQUEST, 404),
  task_not_found: a2a(-32001),
  task_not_cancelable: a2a(-32002),
  push_notification_not_supported: a2a(-32003),
  unsupported_operation: a2a(-32004),
  content_type_not_supported: { ...a2a(-32005), unreadStatus: 415 },
  invalid_agent_response: a2a(-32006),
  extended_agent_card_not_configured: a2a(-32007),
  extension_support_required: a2a(-32008),
  version_not_supported: a2a(-32009),
  invalid_registration: own(-32602),
  conflict: own(INVALID_REQUEST),
  idempotency_conflict: own(INVALID_REQUEST),
  payload_too_large: own(INVALID_REQUEST, 413),
  too_many_requests: own(INVALID_REQUEST, 429),
  agent_unavailable: own(INTERNAL),
  stream_resume_required: own(INTERNAL),
  unavailable: own(INTERNAL, 503),
  internal: own(INTERNAL),
} as const satisfies Record<ErrorCode, JsonRpcFailure>

export function statusOf(error: ParleyError, bodyWasRead: boolean): number {
  const failure: JsonRpcFailure = JSONRPC_FAILURES[error.code]
  return bodyWasRead ? failure.status : (failure.unreadStatus ?? failure.status)
}

/** The `error` member of a response (A2A 1.0 §9.5): every item of `data` names its type. */
export function errorObject(error: ParleyError, requestId: string): object {
  const { code, domain } = JSONRPC_FAILURES[error.code]
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: error.code.toUpperCase(),
    domain,
    metadata: { ...error.details, requestId },
  }
  return { code, message: error.message, data: [info, ...badRequest(error), ...retryInfo(error)] }
}

function badRequest(error: ParleyError): object[] {
  if (error.violations.length === 0) return []
  const fieldViolations = error.violations.map((violation) => ({
    field: fieldOf(violation.pointer),
    description:
      violation.hint === undefined ? violation.message : `${violation.message} (${violation.hint})`,
    reason: violation.code.toUpperCase(),
  }))
  return [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations }]
}

function retryInfo(error: ParleyError): object[] {
  if (error.retryAfterMs === undefined) return []
  const retryDelay = `${error.retryAfterMs / 1000}s`
  return [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }]
}

/** `/message/parts/0/text` → `message.parts[0].text`, the path form of google.rpc.BadRequest. */
function fieldOf(pointer: string): string {
  let field = ''
  for (const escaped of pointer.split('/').slice(1)) {
    const name = escaped.replaceAll('~1', '/').replaceAll('~0', '~')
    if (/^\d+$/.test(name)) field += `[${name}]`
    else field += field === '' ? name : `.${name}`
  }
  return field
}
