import type { EdgeHandler } from '../exchange.ts'
import type { JsonRpcHandler } from '../jsonrpc/handler.ts'
import type { RestHandler } from '../rest/handler.ts'

/** A2A over HTTP, by binding. */
export type A2aHandlers = { readonly jsonRpc: JsonRpcHandler; readonly rest: RestHandler }

/** What a server may answer with this handler at once, without the general application; `undefined` for the rest. */
export type DirectRoute = (method: string, url: string, host: string) => EdgeHandler | undefined

/** `/a2a/{agent}`, what follows, and a query, in characters that mean themselves. */
const PLAIN_TARGET = /^\/a2a\/([\w.~-]+)(\/|(?:\/[\w.~:-]+)*)(?:\?[\w.~!$&'()*+,;=:@/?%-]*)?$/

/** Segments that lead elsewhere, and addresses of cards. */
const NOT_PLAIN = /^\/a2a(?:\/.*)?\/(?:\.{1,2}(?:[/?]|$)|\.well-known\/)/

const PLAIN_HOST = /^([a-z0-9][a-z0-9._-]*)(?::[1-9]\d{0,3}|:[1-5]\d{4}|:6[0-4]\d{3})?$/

/**
 * The calls that matter most go the short way. Only what is plainly one of them does: whatever takes decoding,
 * normalising or a refusal is left to the application, which answers the same calls too.
 */
export function createDirectRoute(
  { jsonRpc, rest }: A2aHandlers,
  allowedHosts?: readonly string[],
): DirectRoute {
  return (method, url, host) => {
    const [, agent, path = '/'] = PLAIN_TARGET.exec(url) ?? []
    const hostname = PLAIN_HOST.exec(host)?.[1]
    if (agent === undefined || hostname === undefined || NOT_PLAIN.test(url)) return undefined
    if (allowedHosts !== undefined && !allowedHosts.includes(hostname)) return undefined
    if (path.length > 1) return (request) => rest(request, agent, path)
    return method === 'POST' ? (request) => jsonRpc(request, agent) : undefined
  }
}
