import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  ServerResponse,
} from 'node:http'
import { createServer as createSecureServer, Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { type ErrorCode, ParleyError } from '../../errors.ts'
import type { EdgeHandler, EdgeReply } from '../exchange.ts'
import { contextOf, type TlsMaterial, tlsOptions } from '../tls.ts'
import type { DirectRoute } from './direct-route.ts'
import { fetchResponse } from './fetch-exchange.ts'
import { NodeRequest, sendReply } from './node-exchange.ts'
import { problemOf } from './problem.ts'

export type ServerLimits = {
  /** Request line and headers together. */
  readonly maxHeaderBytes: number
  readonly maxHeaders: number
  /** Of the request's target. */
  readonly maxUrlBytes: number
  /** From the first byte of a request to the end of its headers. */
  readonly headersTimeoutMs: number
  /** From the first byte of a request to the end of its body. Answers may take as long as they like. */
  readonly requestTimeoutMs: number
  /** How long an idle connection is kept. */
  readonly keepAliveTimeoutMs: number
}

const DEFAULT_SERVER_LIMITS: ServerLimits = {
  maxHeaderBytes: 16 * 1024,
  maxHeaders: 100,
  maxUrlBytes: 8 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 65_000,
}

export type ListenOptions = {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  readonly limits?: Partial<ServerLimits>
  /** Certificate chain and its key, in PEM; served in the clear without. */
  readonly tls?: TlsMaterial
  /** What is answered without the application. */
  readonly direct?: DirectRoute
}

export type Listener = {
  /** The real address, without a trailing slash. */
  readonly url: string
  /** Connections made from now on are served with this. Does nothing for a listener in the clear. */
  readonly renewTls: (material: TlsMaterial) => void
  /** Accepts nothing new, lets calls in progress end for `graceMs`, then cuts what is left. */
  readonly close: (graceMs: number) => Promise<void>
}

/** Connections that fell idle after the listener closed are looked for this often. */
const IDLE_SWEEP_MS = 50

/** Serves an application over HTTP/1.1, with TLS if asked to. Rejects when the address cannot be bound. */
export async function listen(app: Hono, options: ListenOptions): Promise<Listener> {
  const limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits }
  const serverOptions = {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(5_000, limits.headersTimeoutMs),
    // A request without a host is refused by the listener below, with a body.
    requireHostHeader: false,
  }
  const listener = withinLimits(limits, listenerOf(app, options.direct))
  const server =
    options.tls === undefined
      ? createServer(serverOptions, listener)
      : createSecureServer(
          { ...serverOptions, ...tlsOptions(options.tls), handshakeTimeout: limits.headersTimeoutMs },
          listener,
        )
  // Without, Node.js would leave out what is beyond, without a word.
  server.maxHeadersCount = 0
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('clientError', refuseMalformed)
  server.on('connect', (_request, socket) => refuse(socket, 'method_not_allowed', 'CONNECT is not served'))
  await bind(server, options)
  return {
    url: urlOf(server, options),
    renewTls: (material) => {
      if (server instanceof SecureServer) server.setSecureContext(contextOf(material))
    },
    close: (graceMs) => close(server, sockets, graceMs),
  }
}

function listenerOf(app: Hono, direct: DirectRoute | undefined): RequestListener {
  const general = getRequestListener(app.fetch, { errorHandler: refusal })
  if (direct === undefined) return general
  return (incoming, outgoing) => {
    const handler = direct(incoming.method ?? '', incoming.url ?? '', incoming.headers.host ?? '')
    if (handler === undefined) void general(incoming, outgoing)
    else void answer(handler, incoming, outgoing)
  }
}

/** Refuses requests that Node.js has read and nobody should go on with. */
function withinLimits({ maxUrlBytes, maxHeaders }: ServerLimits, listener: RequestListener): RequestListener {
  return (incoming, outgoing) => {
    const { url = '', rawHeaders } = incoming
    if (url.length > maxUrlBytes) {
      const error = new ParleyError('payload_too_large', `The URL is longer than ${maxUrlBytes} bytes`)
      sendReply(incoming, outgoing, faultReply(error, 414))
    } else if (rawHeaders.length > 2 * maxHeaders) {
      const error = new ParleyError('payload_too_large', `There are more than ${maxHeaders} headers`)
      sendReply(incoming, outgoing, faultReply(error, 431))
    } else listener(incoming, outgoing)
  }
}

async function answer(
  handler: EdgeHandler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    sendReply(incoming, outgoing, await handler(new NodeRequest(incoming, outgoing)))
  } catch (reason) {
    // A handler tells its failures itself; what is left is a fault of ours.
    if (outgoing.headersSent) outgoing.destroy()
    else sendReply(incoming, outgoing, faultReply(ParleyError.from(reason)))
  }
}

function bind(server: Server, { host, port }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE'
      const message = `${host}:${port} is in use: stop what listens there, or set PARLEY_PORT`
      reject(isTaken ? new ParleyError('unavailable', message) : error)
    })
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function urlOf(server: Server, { host, tls }: ListenOptions): string {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** `sockets` are all that are open: the server knows none that has not shaken hands, or that left it. */
function close(server: Server, sockets: ReadonlySet<Socket>, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS)
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, graceMs)
    server.close(() => {
      clearInterval(sweep)
      clearTimeout(cut)
      resolve()
    })
  })
}

function faultReply(error: ParleyError, status?: number): EdgeReply {
  const told = problemOf(error, '')
  const problem = { ...told, status: status ?? told.status }
  return {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', connection: 'close' },
    body: JSON.stringify(problem),
  }
}

/** For a request line that names no URL: a missing or impossible host, a bad target. */
function refusal(reason: unknown): Response {
  const isTarget = reason instanceof Error && reason.name === 'RequestError'
  const error = isTarget
    ? new ParleyError('invalid_request', 'The request target or Host header is not valid')
    : ParleyError.from(reason)
  return fetchResponse(faultReply(error))
}

/** Bytes that are no HTTP, headers that are too long, requests that never end. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
    socket.destroy()
    return
  }
  if (error.code === 'HPE_HEADER_OVERFLOW')
    refuse(socket, 'payload_too_large', 'The URL and the headers together are too long', 431)
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    refuse(socket, 'invalid_request', 'The request took too long to arrive', 408)
  } else refuse(socket, 'invalid_request', 'This is not valid HTTP/1.1')
}

/**
 * An answer has begun on this connection, so another one would end up in the middle of it. Node tells this only
 * through the member its own default handler reads.
 */
function isAnswering(socket: Duplex): boolean {
  const response: unknown = Reflect.get(socket, '_httpMessage')
  return response instanceof ServerResponse && response.headersSent
}

function refuse(socket: Duplex, code: ErrorCode, message: string, status?: number): void {
  const problem = problemOf(new ParleyError(code, message), '')
  const told = status ?? problem.status
  const body = JSON.stringify({ ...problem, status: told })
  socket.end(
    `HTTP/1.1 ${told} ${problem.title}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
