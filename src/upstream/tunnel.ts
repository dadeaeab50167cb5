import type { LookupAddress } from 'node:dns'
import { request as requestInClear } from 'node:http'
import { request as requestOverTls } from 'node:https'
import { isIP, type Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { HttpProxy } from './egress.ts'
import { hostOf, portOf } from './host-and-port.ts'

export type TunnelOptions = {
  readonly proxy: HttpProxy
  /** Where the tunnel ends: an address, so that the proxy has no name to resolve to something else. */
  readonly to: LookupAddress
  readonly port: number
  /** Whom the connection to an https proxy trusts. */
  readonly trust?: SecureContext
  readonly signal: AbortSignal
}

/** A connection to `to` through a proxy, by CONNECT. Rejects when the proxy cannot be reached or refuses. */
export function openTunnel({ proxy, to, port, trust, signal }: TunnelOptions): Promise<Socket> {
  const authority = `${to.family === 6 ? `[${to.address}]` : to.address}:${port}`
  const { url, authorization } = proxy
  const isSecure = url.protocol === 'https:'
  const host = hostOf(url)
  const asking = (isSecure ? requestOverTls : requestInClear)({
    method: 'CONNECT',
    host,
    // Else it would be taken from the header, which is about the other end.
    servername: isIP(host) === 0 ? host : '',
    port: portOf(url),
    path: authority,
    headers: {
      host: authority,
      ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }),
    },
    agent: false,
    ...(trust === undefined ? {} : { secureContext: trust }),
  })
  const giveUp = () => asking.destroy(signal.reason)
  signal.addEventListener('abort', giveUp, { once: true })
  return new Promise<Socket>((resolve, reject) => {
    asking.on('error', reject)
    asking.once('connect', ({ statusCode = 0 }, socket: Socket, begun: Buffer) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy()
        reject(new Error(`the proxy answered HTTP ${statusCode}`))
        return
      }
      // A server that speaks first may already have.
      if (begun.length > 0) socket.unshift(begun)
      resolve(socket)
    })
    asking.end()
  }).finally(() => signal.removeEventListener('abort', giveUp))
}
