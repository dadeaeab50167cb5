import { type Call, isAnonymous } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import type { EdgeDeps } from '../http/app-deps.ts'
import { authenticate, requireScope, unauthenticated } from '../http/authenticate.ts'
import { callOf } from '../http/call-of.ts'
import { type CallInProgress, CLIENT_GONE, finishCall } from '../http/finished-call.ts'
import { jsonResponse } from '../http/json-response.ts'
import { failureHeaders } from '../http/problem.ts'
import { readBody, requireJsonType } from '../http/read-body.ts'
import { requestIdOf } from '../http/request-id.ts'
import { traceparentOf } from '../http/trace-context.ts'
import { decode } from './decode.ts'
import { encodeError, encodeResult } from './encode.ts'
import { statusOf } from './errors.ts'
import { findMethod } from './methods.ts'
import { checkVersion } from './service-parameters.ts'
import { openStream } from './stream.ts'

/** Answers A2A 1.0 over JSON-RPC for the agent (id or slug) that the URL names. */
export type JsonRpcHandler = (request: Request, agent: string) => Promise<Response>

/** A failure is told with what is known so far: the request's id as text, and whether its body was read. */
type Progress = CallInProgress & { id: string; bodyWasRead: boolean }

export function createJsonRpcHandler(deps: EdgeDeps): JsonRpcHandler {
  return async (request, agent) => {
    const progress: Progress = {
      requestId: requestIdOf(request.headers, deps.newId),
      binding: 'jsonrpc',
      startedAt: deps.monotonicMs(),
      operation: 'unknown',
      principal: 'anonymous',
      traceparent: traceparentOf(request.headers),
      id: 'null',
      bodyWasRead: false,
    }
    try {
      return await answer(deps, request, agent, progress)
    } catch (reason) {
      const error = ParleyError.from(reason)
      const { id, requestId, bodyWasRead } = progress
      const status = statusOf(error, bodyWasRead)
      finishCall(deps, progress, request.signal.aborted ? CLIENT_GONE : status, error)
      return jsonResponse(encodeError(id, error, requestId), requestId, status, failureHeaders(error))
    }
  }
}

async function answer(
  deps: EdgeDeps,
  request: Request,
  agent: string,
  progress: Progress,
): Promise<Response> {
  const { headers } = request
  const principal = await authenticate(deps.access, headers, deps.settings)
  if (isAnonymous(principal)) throw unauthenticated()
  progress.principal = principal.subject

  requireJsonType(headers)
  const body = await readBody(request, deps.settings.maxBodyBytes)
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
  const methodCall = { tasks, registry, call, agent, params, headers }
  if (method.kind === 'stream') {
    return openStream(deps, {
      id,
      call,
      open: (streamCall: Call) => method.open({ ...methodCall, call: streamCall }),
      ended: (error) => finishCall(deps, progress, OK, error),
    })
  }
  const result = await method.run(methodCall)
  finishCall(deps, progress, OK)
  return jsonResponse(encodeResult(id, result), progress.requestId)
}

const OK = 200
