import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { httpErrorOf } from './connect.ts'
import { HttpError } from './http-error.ts'
import { type Http2Target, type OpenHttp2, type OpenHttp2Deps, openHttp2 } from './open-http2.ts'
import { orAbort } from './within.ts'

/** Connections to servers of HTTP/2: one for all requests with the same address, certificate and need of secrecy. */
export type Http2Connections = AsyncDisposable & {
  /**
   * A new stream on the target's connection, which is opened first where there is none, once the server allows one more.
   * Rejects with `HttpError` (nothing was sent) or the signal's reason. Once the stream is there, the signal is the
   * caller's to heed.
   */
  readonly request: (
    to: Http2Target,
    headers: OutgoingHttpHeaders,
    signal: AbortSignal,
  ) => Promise<ClientHttp2Stream>
}

export type Http2ConnectionsDeps = OpenHttp2Deps & {
  /** How long an unused connection is kept. */
  readonly idleMs?: number
}

/** Shorter than what proxies between us and an agent wait before they drop a silent connection without a word. */
const IDLE_MS = 30_000

/** Of unused connections the oldest goes first, so that agents that come and go leave no more than this behind. */
const MAX_IDLE = 64

type Connection = {
  /** Of its target. */
  readonly key: string
  readonly opened: Promise<OpenHttp2>
  /** Requests that use or await it, and those of them that have a stream. */
  active: number
  streams: number
  /** Resolves when a stream, or the connection, has ended. */
  change: PromiseWithResolvers<void>
  idleTimer: NodeJS.Timeout | undefined
}

export function createHttp2Connections(deps: Http2ConnectionsDeps): Http2Connections {
  const { idleMs = IDLE_MS } = deps
  /** What new requests use. */
  const current = new Map<string, Connection>()
  const idle = new Set<Connection>()
  const open = new Set<OpenHttp2>()
  let disposed = false

  function start(key: string, to: Http2Target): Connection {
    const opened = openHttp2(deps, to).then((opened) => {
      const { session, close } = opened
      open.add(opened)
      // From here on it takes no new request; those it has may end well.
      session.once('goaway', () => retire(connection))
      session.once('close', () => {
        retire(connection)
        open.delete(opened)
      })
      if (disposed) close()
      return opened
    })
    const connection: Connection = {
      key,
      opened,
      active: 0,
      streams: 0,
      change: Promise.withResolvers(),
      idleTimer: undefined,
    }
    opened.catch(() => retire(connection))
    current.set(key, connection)
    return connection
  }

  /** Nobody new gets this connection, and nothing is left of it once nobody uses it. */
  function retire(connection: Connection): void {
    idle.delete(connection)
    clearTimeout(connection.idleTimer)
    tell(connection)
    if (current.get(connection.key) === connection) current.delete(connection.key)
    if (connection.active > 0) return
    connection.opened.then(
      ({ close }) => close(),
      () => {},
    )
  }

  function take(key: string, to: Http2Target): Connection {
    const connection = current.get(key) ?? start(key, to)
    connection.active++
    idle.delete(connection)
    clearTimeout(connection.idleTimer)
    return connection
  }

  function release(connection: Connection): void {
    if (--connection.active > 0) return
    if (current.get(connection.key) !== connection) {
      retire(connection)
      return
    }
    idle.add(connection)
    connection.idleTimer = setTimeout(retire, idleMs, connection).unref()
    const [oldest] = idle
    if (idle.size > MAX_IDLE && oldest !== undefined) retire(oldest)
  }

  return {
    async request(to, headers, signal) {
      const key = keyOf(to)
      for (;;) {
        if (disposed) throw new HttpError('unreachable', 'is not called any more')
        const isKept = current.has(key)
        const connection = take(key, to)
        try {
          const { session } = await orAbort(connection.opened, signal)
          while (canTake(session) && connection.streams >= maxStreams(session)) {
            await orAbort(connection.change.promise, signal)
          }
          if (canTake(session)) {
            const stream = session.request(headers)
            connection.streams++
            stream.once('close', () => {
              connection.streams--
              tell(connection)
              release(connection)
            })
            return stream
          }
          if (!isKept) throw new HttpError('unreachable', 'closed the connection')
        } catch (error) {
          release(connection)
          throw signal.aborted ? signal.reason : httpErrorOf(error)
        }
        // It ended before anybody could say so.
        retire(connection)
        release(connection)
      }
    },
    async [Symbol.asyncDispose]() {
      disposed = true
      for (const connection of [...current.values()]) retire(connection)
      await Promise.all([...open].map(closed))
    },
  }
}

/** Addresses are not compared beyond their text; two spellings of one cost two connections. */
const keyOf = ({ address, certificate, isSecret }: Http2Target): string =>
  JSON.stringify([address, certificate?.id, isSecret])

/** Whoever waits for a change looks again. */
function tell(connection: Connection): void {
  connection.change.resolve()
  connection.change = Promise.withResolvers()
}

/** Beyond this Node.js would hold requests back by itself, and nobody could say whether one was sent. */
const maxStreams = ({ remoteSettings }: ClientHttp2Session): number =>
  remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY

const canTake = (session: ClientHttp2Session): boolean => !session.closed && !session.destroyed

const closed = ({ session, close }: OpenHttp2): Promise<void> =>
  new Promise((resolve) => {
    session.once('close', resolve)
    close()
  })
