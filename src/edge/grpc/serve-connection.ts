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

/** Until the client has shown that it speaks HTTP/2. */
const GREETING_MS = 10_000
/** A client that does not answer a ping within this long is gone. */
const PING_MS = 20_000
/** A connection without a call is let go after this long. */
const IDLE_MS = 300_000
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
export function serveConnection(socket: Socket, onCall: OnCall): Connection {
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
  const stop = keepAlive(session, () => open > 0, cut)
  session.once('close', () => {
    stop()
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  })
  return { close: () => session.close() }
}

/** Finds clients that are gone without a word, or never said one, and connections that nobody uses. */
function keepAlive(session: ServerHttp2Session, isUsed: () => boolean, cut: () => void): () => void {
  const greeting = setTimeout(cut, GREETING_MS)
  session.once('remoteSettings', () => clearTimeout(greeting))
  let idleMs = 0
  let isAnswered = true
  const ping = setInterval(() => {
    idleMs = isUsed() ? 0 : idleMs + PING_MS
    if (!isAnswered) cut()
    else if (idleMs >= IDLE_MS) session.close()
    else {
      isAnswered = false
      session.ping(() => {
        isAnswered = true
      })
    }
  }, PING_MS)
  return () => {
    clearTimeout(greeting)
    clearInterval(ping)
  }
}
