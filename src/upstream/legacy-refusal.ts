import type { Operation } from '../a2a/operation.ts'
import type { AgentFailure } from '../delivery/agent-client.ts'
import type { ErrorCode } from '../errors.ts'
import { member, refusal, restRefusal, rpcRefusal } from './agent-failures.ts'

/**
 * A REST error of 0.3, whose specification gives it no form, as a failure; `undefined` when it is none. Agents send
 * `{code, message, data}` with the code of JSON-RPC, or a `google.rpc.Status`, or `{message}` and leave the rest to the HTTP
 * status. Any other body, such as a web framework's own, says nothing that its status does not.
 */
export function legacyRefusal(
  body: unknown,
  operation: Operation,
  status: number | undefined,
): AgentFailure | undefined {
  const error = member(body, 'error') ?? body
  const code = member(error, 'code')
  if (typeof code === 'number' && code < 0) return rpcRefusal(error)
  const known = restRefusal(error)
  if (known !== undefined || typeof member(error, 'message') !== 'string') return known
  const meant = status === 404 ? notFound(operation) : BY_STATUS.get(status ?? 0)
  return meant === undefined ? undefined : refusal(meant, error)
}

const BY_STATUS: ReadonlyMap<number, ErrorCode> = new Map([
  [400, 'invalid_request'],
  [409, 'task_not_cancelable'],
  [415, 'content_type_not_supported'],
  [422, 'invalid_params'],
  [501, 'unsupported_operation'],
  [502, 'invalid_agent_response'],
])

/** What the agent lacks, by what it was asked for: a message may name a task as well. */
const notFound = (operation: Operation): ErrorCode =>
  operation === 'GetExtendedAgentCard' ? 'extended_agent_card_not_configured' : 'task_not_found'
