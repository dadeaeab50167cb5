import type { JsonRpcHandler } from '../jsonrpc/handler.ts'
import type { EdgeHandler } from './exchange.ts'

/** What a server may answer with this handler at once, without the general application; `undefined` for the rest. */
export type DirectRoute = (method: string, url: string, host: string) => EdgeHandler | undefined

/** `/a2a/{agent}` with or without a trailing slash and a query, in characters that mean themselves. */
const PLAIN_TARGET = /^\/a2a\/(?!\.{1,2}[/?]|\.{1,2}$)([\w.~-]+)\/?(?:\?[\w.~!$&'()*+,;=:@/?%-]*)?$/

const PLAIN_HOST = /^([a-z0-9][a-z0-9._-]*)(?::[1-9]\d{0,3}|:[1-5]\d{4}|:6[0-4]\d{3})?$/

/**
 * The calls that matter most go the short way. Only what is plainly one of them does: whatever takes decoding,
 * normalising or a refusal is left to the application, which answers the same calls too.
 */
export function createDirectRoute(jsonRpc: JsonRpcHandler, allowedHosts?: readonly string[]): DirectRoute {
  return (method, url, host) => {
    if (method !== 'POST') return undefined
    const agent = PLAIN_TARGET.exec(url)?.[1]
    const hostname = PLAIN_HOST.exec(host)?.[1]
    if (agent === undefined || hostname === undefined) return undefined
    if (allowedHosts !== undefined && !allowedHosts.includes(hostname)) return undefined
    return (request) => jsonRpc(request, agent)
  }
}
