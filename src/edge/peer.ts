import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ClientCertificate } from '../access/certificates.ts'
import { readCertificate } from './client-certificate.ts'

/** The other end of a connection, as the connection itself shows it. */
export type Peer = {
  /** Its network address, IPv4 in its own form; empty once the connection is gone. */
  readonly address: string
  /** The connection is TLS that ends here. */
  readonly isSecure: boolean
  /** That it has shown, where it is trusted. */
  readonly certificate?: ClientCertificate
}

const known = new WeakMap<Socket, Peer>()

/** Looked at once per connection. */
export function peerOf(socket: Socket): Peer {
  const seen = known.get(socket)
  if (seen !== undefined) return seen
  const certificate = trustedCertificate(socket)
  const peer = {
    address: plainAddress(socket.remoteAddress ?? ''),
    isSecure: socket instanceof TLSSocket,
    ...(certificate !== undefined && { certificate }),
  }
  known.set(socket, peer)
  return peer
}

/** `authorized` is what TLS has found of the certificate: from an authority that we name, in its time, for a client. */
function trustedCertificate(socket: Socket): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const shown = socket.getPeerX509Certificate()
  return shown && readCertificate(shown)
}

/** Without a zone; an IPv4 address that is written inside an IPv6 one is that address. */
export const plainAddress = (address: string): string =>
  address.replace(/^::ffff:(?=\d{1,3}\.)/i, '').replace(/%.*$/, '')
