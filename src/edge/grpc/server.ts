import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createSecureServer, Server as SecureServer, type TLSSocket } from 'node:tls'
import { ParleyError } from '../../errors.ts'
import type { AppDeps } from '../app-deps.ts'
import { createCallers } from '../callers.ts'
import { createOpenStreams } from '../open-streams.ts'
import { createRechecks } from '../rechecks.ts'
import { contextOf, type TlsMaterial, tlsOptions } from '../tls.ts'
import { createGrpcHandler } from './handler.ts'
import { type Connection, type ConnectionLimits, serveConnection } from './serve-connection.ts'

export type GrpcListenOptions = {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** The agent (id or slug) of calls that name none. */
  readonly agent?: string
  /** Certificate chain and its key, in PEM; served in the clear without. */
  readonly tls?: TlsMaterial
  readonly limits?: Partial<ConnectionLimits>
}

export type GrpcListener = {
  /** The real address: `host:port`. */
  readonly address: string
  /** Connections made from now on are served with this. Does nothing for a listener in the clear. */
  readonly renewTls: (material: TlsMaterial) => void
  /** Accepts nothing new, lets calls in progress end for `graceMs`, then cuts what is left. */
  readonly close: (graceMs: number) => Promise<void>
}

const HANDSHAKE_TIMEOUT_MS = 10_000

/** Serves A2A 1.0 and 0.3 and gRPC's health protocol on one port. Rejects when the address cannot be bound. */
export async function listenGrpc(deps: AppDeps, options: GrpcListenOptions): Promise<GrpcListener> {
  const { host, agent, tls } = options
  const openStreams = createOpenStreams(deps.shutdown, deps.settings.heartbeatMs)
  const callers = createCallers(deps.settings)
  const rechecks = createRechecks(deps)
  const onCall = createGrpcHandler({ ...deps, openStreams, callers, rechecks, defaultAgent: agent })
  const connections = new Set<Connection>()
  const serve = (socket: Socket): void => {
    const connection = serveConnection(socket, onCall, options.limits)
    connections.add(connection)
    socket.once('close', () => connections.delete(connection))
  }
  const server =
    tls === undefined
      ? createServer({ noDelay: true }, serve)
      : createSecureServer(
          {
            ...tlsOptions(tls),
            noDelay: true,
            ALPNProtocols: ['h2'],
            handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
          },
          (socket) => (speaksHttp2(socket) ? serve(socket) : socket.destroy()),
        )
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // Whatever breaks a connection closes it.
    socket.on('error', () => {})
  })
  await bind(server, options)
  return {
    address: addressOf(host, portOf(server)),
    renewTls: (material) => {
      if (server instanceof SecureServer) server.setSecureContext(contextOf(material))
    },
    close: (graceMs) => close(server, connections, sockets, graceMs),
  }
}

const speaksHttp2 = ({ alpnProtocol }: TLSSocket): boolean => alpnProtocol === 'h2'

const addressOf = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function bind(server: Server, { host, port }: GrpcListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const where = addressOf(host, port)
      const message = `gRPC cannot listen on ${where}: stop what listens there, or set PARLEY_GRPC`
      reject(new ParleyError('unavailable', message, { cause }))
    })
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function close(
  server: Server,
  connections: ReadonlySet<Connection>,
  sockets: ReadonlySet<Socket>,
  graceMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, graceMs)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    for (const connection of connections) connection.close()
  })
}
