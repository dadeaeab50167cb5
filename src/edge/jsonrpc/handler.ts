import { type Call, isAnonymous, type Principal } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import type { EdgeDeps } from '../http/app-deps.ts'
import { authenticate, requireScope, unauthenticated } from '../http/authenticate.ts'
import { CLIENT_GONE } from '../http/finished-call.ts'
import { failureHeaders } from '../http/problem.ts'
import { readBody, requireJsonType } from '../http/read-body.ts'
import { requestIdOf } from '../http/request-id.ts'
import { API_HEADERS } from '../http/security-headers.ts'
import { traceparentOf } from '../http/trace-context.ts'
import { decode } from './decode.ts'
import { encodeError, encodeResult } from './encode.ts'
import { statusOf } from './errors.ts'
import { findMethod } from './methods.ts'
import { checkVersion } from './service-parameters.ts'
import { openStream } from './stream.ts'

/** Answers A2A 1.0 over JSON-RPC for the agent (id or slug) that the URL names. */
export type JsonRpcHandler = (request: Request, agent: string) => Promise<Response>

/** What is known of a call so far; a failure is told and recorded with it. */
type Progress = {
  id: string
  bodyWasRead: boolean
  operation: string
  principal: string
  traceparent?: string
}

export function createJsonRpcHandler(deps: EdgeDeps): JsonRpcHandler {
  const { access, events, monotonicMs, settings } = deps

  return async (request, agent) => {
    const startedAt = monotonicMs()
    const { headers } = request
    const requestId = requestIdOf(headers, deps.newId)
    const progress: Progress = {
      id: 'null',
      bodyWasRead: false,
      operation: 'unknown',
      principal: 'anonymous',
    }

    const finish = (status: number, error?: ParleyError) =>
      events.callFinished({
        requestId,
        binding: 'jsonrpc',
        operation: progress.operation,
        principal: progress.principal,
        durationMs: monotonicMs() - startedAt,
        status,
        ...(progress.traceparent !== undefined && { traceparent: progress.traceparent }),
        ...(error !== undefined && { error: { code: error.code, cause: error.cause } }),
      })

    try {
      const principal = await authenticate(access, headers, settings)
      if (isAnonymous(principal)) throw unauthenticated()
      progress.principal = principal.subject
      requireJsonType(headers)
      const body = await readBody(request, settings.maxBodyBytes)
      progress.bodyWasRead = true
      const call = callOf(request, principal, requestId)
      if (call.traceparent !== undefined) progress.traceparent = call.traceparent
      return await dispatch(request, agent, body, call, progress, finish)
    } catch (reason) {
      const error = ParleyError.from(reason)
      if (request.signal.aborted) finish(CLIENT_GONE)
      else finish(statusOf(error, progress.bodyWasRead), error)
      return failureResponse(error, progress, requestId)
    }
  }

  async function dispatch(
    request: Request,
    agent: string,
    body: string,
    call: Call,
    progress: Progress,
    finish: (status: number, error?: ParleyError) => void,
  ): Promise<Response> {
    const decoded = decode(body)
    if (decoded.kind === 'invalid') {
      progress.id = decoded.id
      throw decoded.error
    }
    const { id, method: name, params } = decoded.request
    progress.id = id
    const method = findMethod(name)
    if (method !== undefined) progress.operation = name
    checkVersion(request, name)
    if (method === undefined) throw new ParleyError('method_not_found', 'There is no such method')
    requireScope(call.principal, method.scope)

    const { tasks, registry } = deps
    const methodCall = { tasks, registry, call, agent, params, headers: request.headers }
    if (method.kind === 'stream') {
      return openStream(deps, {
        id,
        call,
        open: (streamCall) => method.open({ ...methodCall, call: streamCall }),
        ended: (error) => finish(200, error),
      })
    }
    const result = await method.run(methodCall)
    finish(200)
    return new Response(encodeResult(id, result), { headers: jsonHeaders(call.requestId) })
  }
}

/** The signal is made when it is first asked for: most calls end without a wait. */
function callOf(request: Request, principal: Principal, requestId: string): Call {
  const traceparent = traceparentOf(request.headers)
  return {
    principal,
    requestId,
    get signal() {
      return request.signal
    },
    ...(traceparent !== undefined && { traceparent }),
  }
}

const jsonHeaders = (requestId: string): Record<string, string> => ({
  'content-type': 'application/json',
  ...API_HEADERS,
  'x-request-id': requestId,
})

function failureResponse(error: ParleyError, progress: Progress, requestId: string): Response {
  return new Response(encodeError(progress.id, error, requestId), {
    status: statusOf(error, progress.bodyWasRead),
    headers: { ...jsonHeaders(requestId), ...failureHeaders(error) },
  })
}
