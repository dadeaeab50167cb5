import { EventEmitter, once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2'
import { createServer as createTcpServer, type Socket } from 'node:net'

/** A request that a test server got. */
export type Http2Exchange = {
  readonly headers: IncomingHttpHeaders
  readonly stream: ServerHttp2Stream
  /** Settles when the stream is gone. */
  readonly closed: Promise<void>
}

export type Http2Connection = {
  readonly session: ServerHttp2Session
  readonly closed: Promise<void>
}

export type Http2Server = AsyncDisposable & {
  readonly port: number
  /** `host:port` */
  readonly address: string
  readonly exchanges: readonly Http2Exchange[]
  /** The nth exchange, from 0, once it is there. */
  readonly exchangeAt: (index: number) => Promise<Http2Exchange>
  /** Every connection there was, open or not. */
  readonly connections: readonly Http2Connection[]
}

/** A real HTTP/2 server on loopback, in plain text, that knows nothing of gRPC. */
export async function openHttp2Server(
  answer: (exchange: Http2Exchange, count: number) => void,
  settings: Settings = {},
): Promise<Http2Server> {
  const exchanges: Http2Exchange[] = []
  const events = new EventEmitter()
  const connections: Http2Connection[] = []
  const server = createServer({ settings })
  server.on('session', (session) => {
    session.on('error', () => {})
    connections.push({ session, closed: closeOf(session) })
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    const exchange = { headers, stream, closed: closeOf(stream) }
    exchanges.push(exchange)
    events.emit('exchange')
    answer(exchange, exchanges.length)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    port,
    address: `127.0.0.1:${port}`,
    exchanges,
    async exchangeAt(index) {
      while (exchanges[index] === undefined) await once(events, 'exchange')
      return exchanges[index]
    },
    connections,
    async [Symbol.asyncDispose]() {
      for (const { session } of connections) session.destroy()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

const closeOf = (one: ServerHttp2Session | ServerHttp2Stream): Promise<void> =>
  new Promise((resolve) => {
    one.once('close', () => resolve())
  })

/** A server on loopback that takes connections and never says a word. */
export async function openSilentServer(): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets: Socket[] = []
  const server = createTcpServer((socket) => {
    socket.on('error', () => {})
    sockets.push(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

/** The head of an answer of gRPC, as Node.js sends it. */
export const GRPC_HEAD = { ':status': 200, 'content-type': 'application/grpc+proto' }

/** Answers as a server of gRPC does: these bytes, then this status. */
export function answerGrpc({ stream }: Http2Exchange, body: Buffer | undefined, trailers: object): void {
  stream.respond(GRPC_HEAD, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ ...trailers }))
  stream.end(body)
}
