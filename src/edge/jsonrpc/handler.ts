import type { Version } from '../../a2a/version.ts'
import { ParleyError } from '../../errors.ts'
import type { EdgeDeps } from '../app-deps.ts'
import { admitCaller, beginOperation } from '../begin-operation.ts'
import { beginCall, type CallInProgress, CLIENT_GONE, finishCall } from '../call-in-progress.ts'
import { challengeOf } from '../challenge.ts'
import type { EdgeReply, EdgeRequest } from '../exchange.ts'
import { jsonReply } from '../http/json-response.ts'
import { failureHeaders } from '../http/problem.ts'
import { requireJsonType } from '../http/read-body.ts'
import { openSse, sseEvent, sseReply } from '../http/sse.ts'
import { limitHeaders } from '../limit-headers.ts'
import { isStream, STREAM } from '../operations.ts'
import { runUnary } from '../run-unary.ts'
import { declaredVersion } from '../service-parameters.ts'
import { decode } from './decode.ts'
import { encodeError, encodeResult } from './encode.ts'
import { statusOf } from './errors.ts'
import { getMethod } from './methods.ts'
import { sourceOf } from './stream.ts'

/** Answers A2A over JSON-RPC, 1.0 and 0.3 on one address, for the agent (id or slug) that the URL names. */
export type JsonRpcHandler = (request: EdgeRequest, agent: string) => Promise<EdgeReply>

/** A failure is told with what is known so far. */
type Progress = CallInProgress & {
  /** The request's id as text. */
  id: string
  version: Version
  bodyWasRead: boolean
  /** A streaming method of 0.3 answers in events whatever it has to say (0.3 §7); its Python clients read nothing else. */
  answersInEvents: boolean
}

export function createJsonRpcHandler(deps: EdgeDeps): JsonRpcHandler {
  return async (request, agent) => {
    const progress: Progress = {
      ...beginCall(deps, request, 'jsonrpc', 'unknown'),
      id: 'null',
      version: '1.0',
      bodyWasRead: false,
      answersInEvents: false,
    }
    try {
      return await answer(deps, request, agent, progress)
    } catch (reason) {
      const error = ParleyError.from(reason)
      const { requestId, bodyWasRead, answersInEvents } = progress
      const status = statusOf(error, bodyWasRead)
      finishCall(deps, progress, request.isClientGone ? CLIENT_GONE : status, error)
      const body = encodeError(progress, error)
      const challenge = challengeOf(error, request, deps.addresses().http)
      const headers = { ...failureHeaders(error, challenge), ...limitHeaders(progress.spent) }
      return answersInEvents && status === OK
        ? sseReply(sseEvent(body), requestId, headers)
        : jsonReply(body, requestId, status, headers)
    }
  }
}

async function answer(
  deps: EdgeDeps,
  request: EdgeRequest,
  agent: string,
  progress: Progress,
): Promise<EdgeReply> {
  const principal = await admitCaller(deps, request, progress)

  requireJsonType(request)
  const body = await request.readBody(deps.settings.maxBodyBytes)
  progress.bodyWasRead = true
  const decoded = decode(body)
  progress.id = decoded.kind === 'invalid' ? decoded.id : decoded.request.id
  if (decoded.kind === 'invalid') throw decoded.error

  const { id, method, params } = decoded.request
  const { operation, dialect } = getMethod(method, declaredVersion(request, deps.settings.strictVersion))
  progress.operation = operation
  progress.version = dialect.version
  progress.answersInEvents = dialect.version === '0.3' && isStream(operation)
  const { requestId } = progress
  const begun = beginOperation(deps, {
    operation,
    dialect,
    principal,
    agent,
    request: params,
    exchange: request,
    progress,
  })
  const { call, entitlement, headers } = begun
  if (isStream(operation)) {
    const told = { id, version: dialect.version, requestId }
    const source = sourceOf(dialect, operation, told, recordEnd(deps, progress))
    return openSse(deps, () => STREAM[operation](call), source, {
      request,
      entitlement,
      requestId,
      headers,
    })
  }
  const result = await runUnary(deps, operation, begun, request)
  finishCall(deps, progress, OK)
  return jsonReply(encodeResult(id, dialect.encodeResult(operation, result)), requestId, OK, headers())
}

const OK = 200

/** Made apart from the call, so that an open stream does not keep what the call was asked with. */
const recordEnd = (deps: EdgeDeps, progress: Progress) => (error?: ParleyError) =>
  finishCall(deps, progress, OK, error)
