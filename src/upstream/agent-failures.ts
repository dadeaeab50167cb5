import { A2A_FAILURES } from '../a2a/failures.ts'
import { AgentFailure } from '../delivery/agent-client.ts'
import { type ErrorCode, ParleyError } from '../errors.ts'
import { HttpError } from './http-error.ts'

/** A2A errors by their JSON-RPC code (A2A 1.0 §5.4, §9.5). */
const BY_RPC_CODE: ReadonlyMap<number, ErrorCode> = new Map([
  [-32001, 'task_not_found'],
  [-32002, 'task_not_cancelable'],
  [-32003, 'push_notification_not_supported'],
  [-32004, 'unsupported_operation'],
  [-32005, 'content_type_not_supported'],
  [-32006, 'invalid_agent_response'],
  [-32007, 'extended_agent_card_not_configured'],
  [-32008, 'extension_support_required'],
  [-32009, 'version_not_supported'],
  [-32700, 'parse_error'],
  [-32600, 'invalid_request'],
  [-32601, 'method_not_found'],
  [-32602, 'invalid_params'],
  [-32603, 'internal'],
])

/** A2A errors by the reason of their `google.rpc.ErrorInfo` (A2A 1.0 §5.4, §11.6). */
const BY_REASON: ReadonlyMap<string, ErrorCode> = new Map(
  [...A2A_FAILURES].map((code) => [code.toUpperCase(), code]),
)

/** Errors that are not A2A's own, by `google.rpc.Code`. Others say nothing about whether the agent took the request. */
const BY_RPC_STATUS: ReadonlyMap<string, ErrorCode> = new Map([
  ['INVALID_ARGUMENT', 'invalid_params'],
  ['NOT_FOUND', 'not_found'],
  ['FAILED_PRECONDITION', 'invalid_request'],
  ['UNIMPLEMENTED', 'method_not_found'],
])

/** What the operator sees of an agent's own words. */
const MAX_CAUSE_CHARS = 1024

/** A JSON-RPC error object as a failure; `undefined` when it is none. */
export function rpcRefusal(error: unknown): AgentFailure | undefined {
  const code = member(error, 'code')
  if (typeof code !== 'number') return undefined
  return refusal(BY_RPC_CODE.get(code) ?? reasonOf(member(error, 'data')) ?? 'internal', error)
}

/** A REST error (`google.rpc.Status`) as a failure; `undefined` when it is none or does not say what was refused. */
export function restRefusal(error: unknown): AgentFailure | undefined {
  const status = member(error, 'status')
  const code =
    reasonOf(member(error, 'details')) ?? (typeof status === 'string' ? BY_RPC_STATUS.get(status) : undefined)
  return code === undefined ? undefined : refusal(code, error)
}

/** An answer that A2A does not allow. `problem` completes "The agent's answer …". */
export const invalidAnswer = (problem: string, cause?: unknown): AgentFailure =>
  new AgentFailure('invalid', `The agent's answer ${problem}`, { cause })

/** For an answer without an A2A error whose status is not 2xx. */
export function statusFailure(status: number, retryAfterMs: number | undefined): AgentFailure {
  const options = {
    cause: new HttpError('status', `answered HTTP ${status}`, { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
  if (status < 400) {
    return new AgentFailure(
      'not_accepted',
      'The agent redirected us elsewhere, which we do not follow',
      options,
    )
  }
  if (status === 401 || status === 403) {
    return denial(status === 401 ? 'unauthenticated' : 'forbidden', options)
  }
  if (status === 429 || status === 503)
    return new AgentFailure('not_accepted', 'The agent is too busy', options)
  if (status < 500 || status === NOT_IMPLEMENTED) {
    return new AgentFailure('not_accepted', `The agent did not accept the request (HTTP ${status})`, options)
  }
  return new AgentFailure('unknown', `The agent failed (HTTP ${status})`, options)
}

/** The agent did not let us in; that is between it and us, and no fault of the client's. */
export const denial = (
  denied: NonNullable<AgentFailure['denied']>,
  options: { readonly cause: unknown; readonly retryAfterMs?: number },
): AgentFailure =>
  new AgentFailure('not_accepted', "The agent refused Parley's credentials", { ...options, denied })

/** The agent has nothing at this path, for this method. */
export function isRouteMissing(error: unknown): error is AgentFailure {
  if (!(error instanceof AgentFailure && error.cause instanceof HttpError)) return false
  return [404, 405, NOT_IMPLEMENTED].includes(error.cause.status ?? 0)
}

const NOT_IMPLEMENTED = 501

/** An `HttpError` as what it means for the task; everything else as it is. */
export function agentFailureOf(error: unknown): unknown {
  if (!(error instanceof HttpError)) return error
  switch (error.failure) {
    case 'forbidden':
      return forbidden(error)
    case 'unreachable':
      return new AgentFailure('not_accepted', 'The agent cannot be reached', { cause: error })
    case 'broken':
    case 'timed_out':
    case 'status':
      return new AgentFailure('unknown', `The agent ${error.message}`, { cause: error })
    case 'too_large':
    case 'not_text':
      return new AgentFailure('invalid', `The agent ${error.message}`, { cause: error })
  }
}

/** For an address the guard refused: names the setting that decides, and nothing of the address. */
export function forbidden(error: HttpError | ParleyError): AgentFailure {
  const refused = error instanceof HttpError ? error.cause : error
  const setting = refused instanceof ParleyError ? refused.details.setting : undefined
  const decided = setting === undefined ? '' : ` (the operator decides with ${setting})`
  return new AgentFailure('not_accepted', `The agent's address may not be called${decided}`, {
    cause:
      error instanceof HttpError ? error : new HttpError('forbidden', 'may not be called', { cause: error }),
  })
}

/** What the agent refused, and in its own words for the operator. */
export function refusal(code: ErrorCode, error: unknown): AgentFailure {
  const text = member(error, 'message')
  const cause = new Error(typeof text === 'string' ? text.slice(0, MAX_CAUSE_CHARS) : 'no message')
  return new AgentFailure('refused', `The agent refused the request: ${code.replaceAll('_', ' ')}`, {
    code,
    cause,
  })
}

/** The A2A error that one of the `google.rpc` details names. */
export function reasonOf(details: unknown): ErrorCode | undefined {
  if (!Array.isArray(details)) return undefined
  for (const detail of details) {
    const reason = member(detail, 'reason')
    const code = typeof reason === 'string' ? BY_REASON.get(reason) : undefined
    if (code !== undefined) return code
  }
  return undefined
}

/** A member of what may be an object. */
export const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
