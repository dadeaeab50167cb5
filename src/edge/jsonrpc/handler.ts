import { isAnonymous } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import type { EdgeDeps } from '../http/app-deps.ts'
import { authenticate, requireScope, unauthenticated } from '../http/authenticate.ts'
import { callOf } from '../http/call-of.ts'
import type { EdgeReply, EdgeRequest } from '../http/exchange.ts'
import { type CallInProgress, CLIENT_GONE, finishCall } from '../http/finished-call.ts'
import { jsonReply } from '../http/json-response.ts'
import { failureHeaders } from '../http/problem.ts'
import { requireJsonType } from '../http/read-body.ts'
import { requestIdOf } from '../http/request-id.ts'
import { traceparentOf } from '../http/trace-context.ts'
import { decode } from './decode.ts'
import { encodeError, encodeResult } from './encode.ts'
import { statusOf } from './errors.ts'
import { findMethod } from './methods.ts'
import { checkVersion } from './service-parameters.ts'
import { openStream } from './stream.ts'

/** Answers A2A 1.0 over JSON-RPC for the agent (id or slug) that the URL names. */
export type JsonRpcHandler = (request: EdgeRequest, agent: string) => Promise<EdgeReply>

/** A failure is told with what is known so far: the request's id as text, and whether its body was read. */
type Progress = CallInProgress & { id: string; bodyWasRead: boolean }

export function createJsonRpcHandler(deps: EdgeDeps): JsonRpcHandler {
  return async (request, agent) => {
    const progress: Progress = {
      requestId: requestIdOf(request, deps.newId),
      binding: 'jsonrpc',
      startedAt: deps.monotonicMs(),
      operation: 'unknown',
      principal: 'anonymous',
      traceparent: traceparentOf(request),
      id: 'null',
      bodyWasRead: false,
    }
    try {
      return await answer(deps, request, agent, progress)
    } catch (reason) {
      const error = ParleyError.from(reason)
      const { id, requestId, bodyWasRead } = progress
      const status = statusOf(error, bodyWasRead)
      finishCall(deps, progress, request.isClientGone ? CLIENT_GONE : status, error)
      return jsonReply(encodeError(id, error, requestId), requestId, status, failureHeaders(error))
    }
  }
}

async function answer(
  deps: EdgeDeps,
  request: EdgeRequest,
  agent: string,
  progress: Progress,
): Promise<EdgeReply> {
  const principal = await authenticate(deps.access, request, deps.settings)
  if (isAnonymous(principal)) throw unauthenticated()
  progress.principal = principal.subject

  requireJsonType(request)
  const body = await request.readBody(deps.settings.maxBodyBytes)
  progress.bodyWasRead = true
  const decoded = decode(body)
  progress.id = decoded.kind === 'invalid' ? decoded.id : decoded.request.id
  if (decoded.kind === 'invalid') throw decoded.error

  const { id, method: name, params } = decoded.request
  const method = findMethod(name)
  if (method !== undefined) progress.operation = name
  checkVersion(request, name)
  if (method === undefined) throw new ParleyError('method_not_found', 'There is no such method')
  requireScope(principal, method.scope)

  const call = callOf(request, principal, progress.requestId, progress.traceparent)
  const { tasks, registry } = deps
  const methodCall = { tasks, registry, call, agent, params, request }
  if (method.kind === 'stream') {
    const { requestId } = progress
    return openStream(deps, () => method.open(methodCall), {
      id,
      requestId,
      request,
      ended: recordEnd(deps, progress),
    })
  }
  const result = await method.run(methodCall)
  finishCall(deps, progress, OK)
  return jsonReply(encodeResult(id, result), progress.requestId)
}

const OK = 200

/** Made apart from the call, so that an open stream does not keep what the call was asked with. */
const recordEnd = (deps: EdgeDeps, progress: Progress) => (error?: ParleyError) =>
  finishCall(deps, progress, OK, error)
