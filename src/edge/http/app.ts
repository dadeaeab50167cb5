import { IncomingMessage } from 'node:http'
import { type Context, Hono } from 'hono'
import { ParleyError } from '../../errors.ts'
import type { EdgeDeps } from '../app-deps.ts'
import type { EdgeRequest } from '../exchange.ts'
import { type Peer, peerOf } from '../peer.ts'
import { requestIdOf } from '../request-id.ts'
import { checkHost } from './allowed-hosts.ts'
import { failureResponseAt } from './ard-error.ts'
import type { BrowserRules } from './browser-rules.ts'
import type { A2aHandlers } from './direct-route.ts'
import { fetchRequest, fetchResponse } from './fetch-exchange.ts'
import { createNativeHandler } from './native.ts'
import { ROUTES } from './routes.ts'
import { answerUnmatched } from './unmatched.ts'

const A2A_PATHS = ['/a2a/{agent}', '/a2a/{agent}/']

/**
 * The whole HTTP surface as one fetch-standard application.
 *
 * Each route is one handler and no middleware: Hono answers a route with a single handler without its dispatch chain,
 * and shared phases are plain functions called in `native` and the handlers of A2A's bindings.
 */
export function createApp(deps: EdgeDeps, { jsonRpc, rest }: A2aHandlers, rules?: BrowserRules): Hono {
  const app = new Hono()
  if (rules !== undefined) {
    app.use(async (context, next) => {
      const exchange = exchangeOf(context)
      const preflight = rules.preflight(exchange)
      if (preflight !== undefined) return fetchResponse(preflight)
      await next()
      const { headers } = context.res
      const added = rules.headersFor(exchange, headers.get('vary') ?? undefined)
      for (const [name, value] of Object.entries(added)) headers.set(name, value)
    })
  }
  const { allowedHosts } = deps.settings
  if (allowedHosts !== undefined) {
    app.use(async (context, next) => {
      checkHost(context.req.raw, allowedHosts)
      await next()
    })
  }

  for (const path of A2A_PATHS) {
    app.post(honoPath(path), async (context) =>
      fetchResponse(await jsonRpc(exchangeOf(context), context.req.param('agent') ?? '')),
    )
  }
  for (const route of ROUTES) {
    const handle = createNativeHandler(deps, route)
    app.on(route.method, honoPath(route.path), (context) =>
      handle(context.req.raw, context.req.param(), peerIn(context)),
    )
  }
  app.all('/a2a/:agent/:path{.+}', async (context) =>
    fetchResponse(
      await rest(
        exchangeOf(context),
        context.req.param('agent'),
        belowAgent(new URL(context.req.url).pathname),
      ),
    ),
  )

  const served = [...A2A_PATHS.map((path) => ({ method: 'POST', path })), ...ROUTES].map(
    ({ method, path }) => ({
      method,
      pattern: patternOf(path),
    }),
  )
  app.notFound((context) => answerUnmatched(deps, served, exchangeOf(context), context.req.path))
  app.onError((reason, context) =>
    failureResponseAt(context.req.path)(
      ParleyError.from(reason),
      requestIdOf(exchangeOf(context), deps.newId),
    ),
  )
  return app
}

/** Node's server hands over its own request beside the standard one. */
const peerIn = ({ env }: Context): Peer | undefined =>
  env?.incoming instanceof IncomingMessage ? peerOf(env.incoming.socket) : undefined

const exchangeOf = (context: Context): EdgeRequest => fetchRequest(context.req.raw, peerIn(context))

/** What follows `/a2a/{agent}` in a path, as it was sent. */
const belowAgent = (path: string): string => path.replace(/^\/a2a\/[^/]*/, '')

const honoPath = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1')

function patternOf(path: string): RegExp {
  const literal = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
  return new RegExp(`^${literal.replace(/\{\w+\}/g, '[^/]+')}$`)
}
