import type { Callers } from '../callers.ts'
import type { EdgeReply, EdgeRequest } from '../exchange.ts'
import type { A2aHandlers } from './direct-route.ts'

/** What answers tell browsers, whatever they answer. */
export interface BrowserRules {
  /** The answer to a question whether a page may call; `undefined` for everything else. It is the same for every path. */
  preflight(request: EdgeRequest): EdgeReply | undefined
  /** What is added to the headers of an answer, which has this `Vary` so far. */
  headersFor(request: EdgeRequest, vary: string | undefined): Readonly<Record<string, string>>
}

export type BrowserSettings = {
  /** Origins, exactly as browsers write them, whose pages may call and read the answers. */
  readonly corsOrigins: readonly string[]
  /** Browsers that came over TLS are told to come in no other way. */
  readonly hsts: boolean
}

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE'

/** Those that mean something here. */
const REQUEST_HEADERS = [
  'Authorization',
  'X-API-Key',
  'Content-Type',
  'A2A-Version',
  'A2A-Extensions',
  'X-A2A-Extensions',
  'Idempotency-Key',
  'Last-Event-ID',
  'If-Match',
  'If-None-Match',
  'If-Modified-Since',
  'X-Request-Id',
  'Traceparent',
].join(', ')

const RESPONSE_HEADERS = [
  'WWW-Authenticate',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'A2A-Extensions',
  'X-A2A-Extensions',
  'X-Request-Id',
  'ETag',
  'Location',
  'Allow',
].join(', ')

/** A year; only of this host, for who knows what else is below its name. */
const HSTS = { 'strict-transport-security': 'max-age=31536000' }
const PREFLIGHT_S = 600

/**
 * Cross-origin calls by an explicit list of origins (Fetch §3.2). Credentials that a browser adds by itself are never allowed:
 * keys and tokens come in headers that the page itself sets. `undefined` where there is nothing to tell.
 */
export function createBrowserRules(
  { corsOrigins, hsts }: BrowserSettings,
  callers: Callers,
): BrowserRules | undefined {
  if (corsOrigins.length === 0 && !hsts) return undefined
  const origins = new Set(corsOrigins)

  const allowed = (request: EdgeRequest): string | undefined => {
    const origin = request.header('origin')
    return origin !== undefined && origins.has(origin) ? origin : undefined
  }
  const varying = (vary: string | undefined) => ({ vary: vary === undefined ? 'Origin' : `${vary}, Origin` })

  return {
    preflight(request) {
      const asksFor = request.header('access-control-request-method')
      if (request.method !== 'OPTIONS' || asksFor === undefined) return undefined
      const origin = allowed(request)
      if (origin === undefined) return undefined
      const headers = {
        'access-control-allow-origin': origin,
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': REQUEST_HEADERS,
        'access-control-max-age': String(PREFLIGHT_S),
        vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
      }
      return { status: 200, headers, body: '' }
    },
    headersFor(request, vary) {
      const origin = allowed(request)
      return {
        ...(hsts && callers.isSecure(request) ? HSTS : {}),
        ...(origins.size > 0 && varying(vary)),
        ...(origin !== undefined && {
          'access-control-allow-origin': origin,
          'access-control-expose-headers': RESPONSE_HEADERS,
        }),
      }
    },
  }
}

/** The handlers of A2A, with what the rules add to their answers. */
export function withBrowserRules({ jsonRpc, rest }: A2aHandlers, rules: BrowserRules): A2aHandlers {
  const answer = async (request: EdgeRequest, handle: () => Promise<EdgeReply>): Promise<EdgeReply> => {
    const preflight = rules.preflight(request)
    if (preflight !== undefined) return preflight
    const reply = await handle()
    return { ...reply, headers: { ...reply.headers, ...rules.headersFor(request, reply.headers.vary) } }
  }
  return {
    jsonRpc: (request, agent) => answer(request, () => jsonRpc(request, agent)),
    rest: (request, agent, path) => answer(request, () => rest(request, agent, path)),
  }
}
