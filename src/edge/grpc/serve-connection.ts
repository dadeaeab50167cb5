import { performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { type Peer, peerOf } from '../peer.ts'
import { GrpcCall } from './grpc-call.ts'

/** Who calls over one connection. */
export type Client = {
  readonly peer: Peer
  /** Calls under way that take no credential. */
  openCalls: number
}

export type OnCall = (call: GrpcCall, client: Client) => void

export type Connection = {
  /** Takes no new calls, and is over once those under way are. */
  readonly close: () => void
}

export type ConnectionLimits = {
  /** Until the client has shown that it speaks HTTP/2. */
  readonly greetingMs: number
  /** A client that does not answer a ping within this long is gone. */
  readonly pingMs: number
  /** A connection without a call is let go after this long. */
  readonly idleMs: number
}

const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = {
  greetingMs: 10_000,
  pingMs: 20_000,
  idleMs: 300_000,
}
/** For the client to read the last words. */
const LINGER_MS = 500

const MAX_STREAMS = 10_000
/** As much as over HTTP/1.1. */
const MAX_HEADER_BYTES = 16 * 1024
/** A client that has left more refusals than this unread reads nothing. */
const MAX_UNREAD_REFUSALS = 1000
/** What streams may hold on a connection before Node.js refuses another. */
const MAX_SESSION_MEGABYTES = 256

/** Speaks HTTP/2 over a connection that a client has opened. */
export function serveConnection(
  socket: Socket,
  onCall: OnCall,
  limits: Partial<ConnectionLimits> = {},
): Connection {
  const session = performServerHandshake(socket, {
    settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: MAX_HEADER_BYTES },
    maxSessionMemory: MAX_SESSION_MEGABYTES,
  })
  const client: Client = { peer: peerOf(socket), openCalls: 0 }
  const cut = () => {
    session.destroy()
    socket.destroy()
  }
  let open = 0
  let unread = 0
  const onRefused = (stream: ServerHttp2Stream): void => {
    // By then it has been sent, if the client takes anything.
    setImmediate(() => {
      if (stream.destroyed) return
      stream.once('close', () => unread--)
      if (++unread > MAX_UNREAD_REFUSALS) cut()
    })
  }
  session.on('stream', (stream, _headers, _flags, rawHeaders) => {
    open++
    stream.once('close', () => open--)
    onCall(new GrpcCall(stream, rawHeaders, client.peer, onRefused), client)
  })
  // Whatever fails a session closes it.
  session.on('error', () => {})
  const timed = { ...DEFAULT_CONNECTION_LIMITS, ...limits }
  const stop = keepAlive(session, () => open > 0, cut, timed)
  session.once('close', () => {
    stop()
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  })
  return { close: () => session.close() }
}

/** Finds clients that are gone without a word, or never said one, and connections that nobody uses. */
function keepAlive(
  session: ServerHttp2Session,
  isUsed: () => boolean,
  cut: () => void,
  { greetingMs, pingMs, idleMs: maxIdleMs }: ConnectionLimits,
): () => void {
  const greeting = setTimeout(cut, greetingMs)
  session.once('remoteSettings', () => clearTimeout(greeting))
  let idleMs = 0
  let isAnswered = true
  const ping = setInterval(() => {
    idleMs = isUsed() ? 0 : idleMs + pingMs
    if (!isAnswered) cut()
    else if (idleMs >= maxIdleMs) session.close()
    else {
      isAnswered = false
      session.ping(() => {
        isAnswered = true
      })
    }
  }, pingMs)
  return () => {
    clearTimeout(greeting)
    clearInterval(ping)
  }
}
