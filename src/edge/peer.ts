import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** The other end of a connection, as the connection itself shows it. */
export type Peer = {
  /** Its network address, IPv4 in its own form; empty once the connection is gone. */
  readonly address: string
  /** The connection is TLS that ends here. */
  readonly isSecure: boolean
}

const known = new WeakMap<Socket, Peer>()

/** Looked at once per connection. */
export function peerOf(socket: Socket): Peer {
  const seen = known.get(socket)
  if (seen !== undefined) return seen
  const peer = { address: plainAddress(socket.remoteAddress ?? ''), isSecure: socket instanceof TLSSocket }
  known.set(socket, peer)
  return peer
}

/** Without a zone; an IPv4 address that is written inside an IPv6 one is that address. */
export const plainAddress = (address: string): string =>
  address.replace(/^::ffff:(?=\d{1,3}\.)/i, '').replace(/%.*$/, '')
