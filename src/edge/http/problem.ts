import { type ErrorCode, ParleyError } from '../../errors.ts'
import { API_HEADERS } from './security-headers.ts'

/** How the native API tells each failure (RFC 9457). */
export const PROBLEMS = {
  parse_error: { status: 400, title: 'Malformed body' },
  invalid_request: { status: 400, title: 'Invalid request' },
  method_not_found: { status: 404, title: 'Method not found' },
  invalid_params: { status: 400, title: 'Invalid parameters' },
  unauthenticated: { status: 401, title: 'Unauthenticated' },
  forbidden: { status: 403, title: 'Forbidden' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  agent_not_found: { status: 404, title: 'Agent not found' },
  task_not_found: { status: 404, title: 'Task not found' },
  task_not_cancelable: { status: 409, title: 'Task cannot be canceled' },
  push_notification_not_supported: { status: 400, title: 'Push notifications are not supported' },
  unsupported_operation: { status: 400, title: 'Unsupported operation' },
  content_type_not_supported: { status: 415, title: 'Content type not supported' },
  invalid_agent_response: { status: 502, title: 'Invalid agent response' },
  extended_agent_card_not_configured: { status: 400, title: 'No extended card' },
  extension_support_required: { status: 400, title: 'Extension required' },
  version_not_supported: { status: 400, title: 'Version not supported' },
  invalid_registration: { status: 422, title: 'Invalid card' },
  conflict: { status: 409, title: 'Conflict' },
  cursor_expired: { status: 410, title: 'Cursor expired' },
  precondition_failed: { status: 412, title: 'Precondition failed' },
  idempotency_conflict: { status: 409, title: 'Idempotency key used for another request' },
  payload_too_large: { status: 413, title: 'Payload too large' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  agent_unavailable: { status: 503, title: 'Agent unavailable' },
  channel_unavailable: { status: 502, title: 'Channel unavailable' },
  stream_resume_required: { status: 503, title: 'Subscribe again' },
  unavailable: { status: 503, title: 'Unavailable' },
  internal: { status: 500, title: 'Internal error' },
} as const satisfies Record<ErrorCode, { status: number; title: string }>

/** The documentation of one kind of problem; an identifier, not a page that must exist. */
export const problemType = (code: ErrorCode): string => `https://parley.dev/problems/${code}`

export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** The request's id. */
  readonly instance: string
  readonly code: ErrorCode
  readonly details?: Readonly<Record<string, string>>
  readonly errors?: readonly {
    readonly pointer: string
    readonly code: string
    readonly detail: string
    readonly hint?: string
  }[]
}

export function problemOf(error: ParleyError, requestId: string): Problem {
  const { status, title } = PROBLEMS[error.code]
  return {
    type: problemType(error.code),
    title,
    status,
    detail: error.message,
    instance: requestId,
    code: error.code,
    ...(Object.keys(error.details).length > 0 && { details: error.details }),
    ...(error.violations.length > 0 && {
      errors: error.violations.map((v) => ({
        pointer: v.pointer,
        code: v.code,
        detail: v.message,
        ...(v.hint !== undefined && { hint: v.hint }),
      })),
    }),
  }
}

export function problemResponse(
  error: ParleyError,
  requestId: string,
  challenge?: string,
  extraHeaders?: Readonly<Record<string, string>>,
): Response {
  const problem = problemOf(error, requestId)
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      ...API_HEADERS,
      'x-request-id': requestId,
      ...failureHeaders(error, challenge),
      ...extraHeaders,
    },
  })
}

/** `allow` names the methods that the path takes (RFC 9110 §15.5.6). */
export const methodNotAllowed = (allow: string): ParleyError =>
  new ParleyError('method_not_allowed', `This path takes ${allow}`, { details: { allow } })

/** Headers that tell a failure over HTTP, whatever the body's shape. `challenge` is what `challengeOf` says of it. */
export function failureHeaders(error: ParleyError, challenge?: string): Record<string, string> {
  const headers: Record<string, string> = {}
  if (challenge !== undefined) headers['www-authenticate'] = challenge
  if (error.code === 'method_not_allowed' && error.details.allow) headers.allow = error.details.allow
  if (error.retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)))
  }
  return headers
}
