import type { Operation } from '../a2a/operation.ts'
import { parseDuration } from '../a2a/proto/instant.ts'
import { statusCodec } from '../a2a/proto/rpc-status.ts'
import { AgentFailure } from '../delivery/agent-client.ts'
import { type ErrorCode, ParleyError } from '../errors.ts'
import { denial, member, reasonOf, refusal } from './agent-failures.ts'
import type { GrpcStatus } from './grpc-call.ts'

/** Codes of gRPC, by name. */
const CODE = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const

/**
 * What an agent means by ending a call of `operation` with a status other than OK. `hasBegun` says that part of its answer
 * came before. Whatever is neither a refusal nor says that the request was not taken leaves the outcome unknown.
 */
export function grpcFailure(operation: Operation, status: GrpcStatus, hasBegun: boolean): AgentFailure {
  const details = detailsOf(status)
  const cause = new Error(`gRPC status ${status.code}: ${status.message.slice(0, 1024)}`)
  const code = reasonOf(details) ?? meaningOf(operation, status.code)
  if (code !== undefined) return refusal(code, status)
  const isDenied = status.code === CODE.UNAUTHENTICATED || status.code === CODE.PERMISSION_DENIED
  if (isDenied && !hasBegun) {
    return denial(status.code === CODE.UNAUTHENTICATED ? 'unauthenticated' : 'forbidden', { cause })
  }
  const isBusy = status.code === CODE.UNAVAILABLE || status.code === CODE.RESOURCE_EXHAUSTED
  if (!isBusy || hasBegun) {
    return new AgentFailure('unknown', `The agent failed (gRPC status ${status.code})`, { cause })
  }
  const retryAfterMs = retryDelayMs(details)
  return new AgentFailure('not_accepted', 'The agent is too busy', {
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** Agents that send no reason mean by a code what the operation leaves to be meant. */
function meaningOf(operation: Operation, code: number): ErrorCode | undefined {
  switch (code) {
    case CODE.INVALID_ARGUMENT:
    case CODE.OUT_OF_RANGE:
      return 'invalid_params'
    case CODE.ALREADY_EXISTS:
      return 'invalid_request'
    case CODE.UNIMPLEMENTED:
      return 'method_not_found'
    case CODE.NOT_FOUND:
      return operation === 'GetExtendedAgentCard' ? 'extended_agent_card_not_configured' : 'task_not_found'
    case CODE.FAILED_PRECONDITION:
      if (operation === 'CancelTask') return 'task_not_cancelable'
      return operation === 'GetExtendedAgentCard'
        ? 'extended_agent_card_not_configured'
        : 'unsupported_operation'
    default:
      return undefined
  }
}

/** The `google.rpc` details of a status, as JSON; none when they cannot be read. */
function detailsOf({ details }: GrpcStatus): unknown {
  if (details === undefined) return undefined
  try {
    return member(JSON.parse(statusCodec.decode(details)), 'details')
  } catch (error) {
    if (error instanceof ParleyError) return undefined
    throw error
  }
}

/** The delay of a `google.rpc.RetryInfo`. */
function retryDelayMs(details: unknown): number | undefined {
  if (!Array.isArray(details)) return undefined
  for (const detail of details) {
    const delay = member(detail, 'retryDelay')
    if (typeof delay !== 'string') continue
    const { seconds, nanos } = parseDuration(delay)
    return Math.max(0, Number(seconds) * 1000 + Math.ceil(nanos / 1e6))
  }
  return undefined
}
