import { ANONYMOUS, isAnonymous, type Principal } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import type { EdgeDeps } from '../app-deps.ts'
import { authenticate, requireScope, requireUnlimited, unauthenticated } from '../authenticate.ts'
import { beginCall, type CallInProgress, CLIENT_GONE, finishCall } from '../call-in-progress.ts'
import { callOf } from '../call-of.ts'
import { challengeOf } from '../challenge.ts'
import type { EdgeRequest } from '../exchange.ts'
import { limitHeaders } from '../limit-headers.ts'
import type { Peer } from '../peer.ts'
import { failureResponseAt } from './ard-error.ts'
import { fetchRequest } from './fetch-exchange.ts'
import { parseQuery } from './parse-query.ts'
import { PROBLEMS } from './problem.ts'
import { requireJsonType } from './read-body.ts'
import type { Route } from './route.ts'

/** Answers one route of the native API. */
export type NativeHandler = (
  request: Request,
  params: Readonly<Record<string, string>>,
  peer: Peer | undefined,
) => Promise<Response>

/** The one way in for every native route: who calls, may they, what do they want, and how a failure is told. */
export function createNativeHandler(deps: EdgeDeps, route: Route): NativeHandler {
  const operation = `${route.method} ${route.path}`
  const tellFailure = failureResponseAt(route.path)

  return async (request, params, peer) => {
    const exchange = fetchRequest(request, peer)
    const progress = beginCall(deps, exchange, 'http', operation)
    try {
      const principal = await admit(deps, exchange, route, progress)
      const query = parseQuery(request.url, route.query)
      const text = await readJsonBody(exchange, route, deps.settings.maxBodyBytes)
      const call = callOf(exchange, principal, progress)
      const response = await route.handle({ deps, call, request, exchange, params, query, body: { text } })
      finishCall(deps, progress, response.status)
      for (const [name, value] of Object.entries(limitHeaders(progress.spent)))
        response.headers.set(name, value)
      return response
    } catch (reason) {
      const error = hideFromAnonymous(ParleyError.from(reason), progress.principal, route)
      const status = exchange.isClientGone ? CLIENT_GONE : PROBLEMS[error.code].status
      finishCall(deps, progress, status, error)
      const challenge = challengeOf(error, exchange, deps.addresses().http)
      return tellFailure(error, progress.requestId, challenge, limitHeaders(progress.spent))
    }
  }
}

async function admit(
  deps: EdgeDeps,
  request: EdgeRequest,
  route: Route,
  progress: CallInProgress,
): Promise<Principal> {
  if (route.scope === 'none') return ANONYMOUS
  deps.callers.requireTls(request)
  const principal = await authenticate(deps, request, {
    anonymous: deps.settings.anonymous,
    requestId: progress.requestId,
  })
  progress.principal = principal
  deps.limits.countCall?.(principal, progress)
  requireScope(principal, route.scope)
  if (route.isTenantWide === true) requireUnlimited(principal)
  return principal
}

async function readJsonBody(request: EdgeRequest, route: Route, maxBytes: number): Promise<string> {
  if (route.body === undefined) return ''
  if (route.isBodyOptional !== true) requireJsonType(request)
  const text = await request.readBody(maxBytes)
  if (text !== '') requireJsonType(request)
  return text
}

/** Under `/a2a/` a caller without a credential gets one and the same answer for what is hidden and what is missing. */
const hideFromAnonymous = (error: ParleyError, principal: Principal, route: Route): ParleyError =>
  error.code === 'agent_not_found' && isAnonymous(principal) && route.path.startsWith('/a2a/')
    ? unauthenticated()
    : error
