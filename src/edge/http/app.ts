import { Hono } from 'hono'
import { isAnonymous } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import { createJsonRpcHandler } from '../jsonrpc/handler.ts'
import { checkHost } from './allowed-hosts.ts'
import type { AppDeps, EdgeDeps } from './app-deps.ts'
import { authenticate, unauthenticated } from './authenticate.ts'
import { createNativeHandler } from './native.ts'
import { createOpenStreams } from './open-streams.ts'
import { problemResponse } from './problem.ts'
import { requestIdOf } from './request-id.ts'
import { ROUTES } from './routes.ts'

const A2A_PATHS = ['/a2a/{agent}', '/a2a/{agent}/']

/**
 * The whole HTTP surface as one fetch-standard application.
 *
 * Each route is one handler and no middleware: Hono answers a route with a single handler without its dispatch chain,
 * and shared phases are plain functions called in `native` and `jsonrpc/handler`.
 */
export function createApp(appDeps: AppDeps): Hono {
  const deps: EdgeDeps = { ...appDeps, openStreams: createOpenStreams(appDeps.shutdown) }
  const app = new Hono()
  const { allowedHosts } = deps.settings
  if (allowedHosts !== undefined) {
    app.use(async (context, next) => {
      checkHost(context.req.raw, allowedHosts)
      await next()
    })
  }

  const jsonRpc = createJsonRpcHandler(deps)
  for (const path of A2A_PATHS) {
    app.post(honoPath(path), (context) => jsonRpc(context.req.raw, context.req.param('agent') ?? ''))
  }
  for (const route of ROUTES) {
    const handle = createNativeHandler(deps, route)
    app.on(route.method, honoPath(route.path), (context) => handle(context.req.raw, context.req.param()))
  }

  const served = [...A2A_PATHS.map((path) => ({ method: 'POST', path })), ...ROUTES].map(
    ({ method, path }) => ({
      method,
      pattern: patternOf(path),
    }),
  )
  app.notFound((context) => unmatched(deps, served, context.req.raw, context.req.path))
  app.onError((reason, context) =>
    problemResponse(ParleyError.from(reason), requestIdOf(context.req.raw.headers, deps.newId)),
  )
  return app
}

const honoPath = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1')

type Served = { readonly method: string; readonly pattern: RegExp }

function patternOf(path: string): RegExp {
  const literal = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
  return new RegExp(`^${literal.replace(/\{\w+\}/g, '[^/]+')}$`)
}

/** What no route matched: 405 where another method would, else 404. Below `/a2a/` only for those with a credential. */
async function unmatched(
  deps: EdgeDeps,
  served: readonly Served[],
  request: Request,
  path: string,
): Promise<Response> {
  const requestId = requestIdOf(request.headers, deps.newId)
  try {
    if (path.startsWith('/a2a/')) {
      const principal = await authenticate(deps.access, request.headers, deps.settings)
      if (isAnonymous(principal)) throw unauthenticated()
    }
  } catch (reason) {
    return problemResponse(ParleyError.from(reason), requestId)
  }
  const methods = served.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)
  if (methods.length === 0) {
    return problemResponse(new ParleyError('not_found', 'There is nothing at this path'), requestId)
  }
  const allow = (methods.includes('GET') ? [...methods, 'HEAD'] : methods).join(', ')
  const error = new ParleyError('method_not_allowed', `This path takes ${allow}`)
  return problemResponse(error, requestId, { allow })
}
