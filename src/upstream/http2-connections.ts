import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { httpErrorOf } from './connect.ts'
import { HttpError } from './http-error.ts'
import { type OpenHttp2Deps, openHttp2 } from './open-http2.ts'
import { orAbort } from './within.ts'

/** Connections to servers of HTTP/2: one per address, for all requests to it at once. */
export type Http2Connections = AsyncDisposable & {
  /**
   * A new stream on the address's connection, which is opened first where there is none. Rejects with `HttpError`
   * (nothing was sent) or the signal's reason. Once the stream is there, the signal is the caller's to heed.
   */
  readonly request: (
    address: string,
    headers: OutgoingHttpHeaders,
    signal: AbortSignal,
  ) => Promise<ClientHttp2Stream>
}

/** Shorter than what proxies between us and an agent wait before they drop a silent connection without a word. */
const IDLE_MS = 30_000

/** Of unused connections the oldest goes first, so that agents that come and go leave no more than this behind. */
const MAX_IDLE = 64

type Connection = {
  readonly address: string
  readonly opened: Promise<ClientHttp2Session>
  /** Requests that use or await it. */
  active: number
  idleTimer: NodeJS.Timeout | undefined
}

export function createHttp2Connections(deps: OpenHttp2Deps): Http2Connections {
  const current = new Map<string, Connection>()
  const idle = new Set<Connection>()
  const sessions = new Set<ClientHttp2Session>()
  let disposed = false

  const forget = (connection: Connection) => {
    idle.delete(connection)
    clearTimeout(connection.idleTimer)
    if (current.get(connection.address) === connection) current.delete(connection.address)
  }

  function open(address: string): Connection {
    const opened = openHttp2(deps, address).then((session) => {
      if (disposed) session.destroy()
      sessions.add(session)
      // From here on it takes no new request; those it has may end well.
      session.once('goaway', () => forget(connection))
      session.once('close', () => {
        forget(connection)
        sessions.delete(session)
      })
      return session
    })
    const connection: Connection = { address, opened, active: 0, idleTimer: undefined }
    opened.catch(() => forget(connection))
    current.set(address, connection)
    return connection
  }

  function take(address: string): Connection {
    const connection = current.get(address) ?? open(address)
    connection.active++
    idle.delete(connection)
    clearTimeout(connection.idleTimer)
    return connection
  }

  function release(connection: Connection): void {
    if (--connection.active > 0 || current.get(connection.address) !== connection) return
    idle.add(connection)
    connection.idleTimer = setTimeout(close, IDLE_MS, connection).unref()
    const [oldest] = idle
    if (idle.size > MAX_IDLE && oldest !== undefined) close(oldest)
  }

  function close(connection: Connection): void {
    forget(connection)
    connection.opened.then(
      (session) => session.close(),
      () => {},
    )
  }

  return {
    async request(address, headers, signal) {
      for (let attempt = 1; ; attempt++) {
        if (disposed) throw new HttpError('unreachable', 'is not called any more')
        const connection = take(address)
        try {
          const session = await orAbort(connection.opened, signal)
          const stream = begin(session, headers)
          if (stream !== undefined) {
            stream.once('close', () => release(connection))
            return stream
          }
        } catch (error) {
          release(connection)
          throw signal.aborted ? signal.reason : httpErrorOf(error)
        }
        release(connection)
        forget(connection)
        if (attempt > 1) throw new HttpError('unreachable', 'closed the connection')
      }
    },
    async [Symbol.asyncDispose]() {
      disposed = true
      for (const connection of current.values()) forget(connection)
      await Promise.all([...sessions].map(destroyed))
    },
  }
}

/** `undefined` when the connection has ended meanwhile, so that nothing can be sent on it. */
function begin(session: ClientHttp2Session, headers: OutgoingHttpHeaders): ClientHttp2Stream | undefined {
  if (session.closed || session.destroyed) return undefined
  return session.request(headers)
}

const destroyed = (session: ClientHttp2Session): Promise<void> =>
  new Promise((resolve) => {
    session.once('close', resolve)
    session.destroy()
  })
