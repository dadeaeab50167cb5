import type { Hono } from 'hono'
import type { AppDeps, EdgeDeps } from '../app-deps.ts'
import { createCallers } from '../callers.ts'
import { createJsonRpcHandler } from '../jsonrpc/handler.ts'
import { createOpenStreams } from '../open-streams.ts'
import { createRechecks } from '../rechecks.ts'
import { createRestHandler } from '../rest/handler.ts'
import { createApp } from './app.ts'
import { createBrowserRules, withBrowserRules } from './browser-rules.ts'
import { createDirectRoute, type DirectRoute } from './direct-route.ts'

/** The whole HTTP surface, and a shorter way to a part of it for a server that can take it. */
export type Edge = { readonly app: Hono; readonly direct: DirectRoute }

export function createEdge(appDeps: AppDeps): Edge {
  const { shutdown, settings } = appDeps
  const deps: EdgeDeps = {
    ...appDeps,
    openStreams: createOpenStreams(shutdown, settings.heartbeatMs),
    callers: createCallers(settings),
    rechecks: createRechecks(appDeps),
  }
  const handlers = { jsonRpc: createJsonRpcHandler(deps), rest: createRestHandler(deps) }
  const rules = createBrowserRules(settings, deps.callers)
  const direct = rules === undefined ? handlers : withBrowserRules(handlers, rules)
  return { app: createApp(deps, handlers, rules), direct: createDirectRoute(direct, settings.allowedHosts) }
}
