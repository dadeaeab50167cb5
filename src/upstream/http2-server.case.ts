import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'

/** A request that a test server got. */
export type Http2Exchange = {
  readonly headers: IncomingHttpHeaders
  readonly stream: ServerHttp2Stream
}

export type Http2Server = AsyncDisposable & {
  readonly port: number
  /** `host:port` */
  readonly address: string
  readonly exchanges: readonly Http2Exchange[]
  /** Every connection there was, open or not. */
  readonly sessions: readonly ServerHttp2Session[]
}

/** A real HTTP/2 server on loopback, in plain text, that knows nothing of gRPC. */
export async function openHttp2Server(
  answer: (exchange: Http2Exchange, count: number) => void,
): Promise<Http2Server> {
  const exchanges: Http2Exchange[] = []
  const sessions: ServerHttp2Session[] = []
  const server = createServer()
  server.on('session', (session) => {
    sessions.push(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    const exchange = { headers, stream }
    exchanges.push(exchange)
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
    sessions,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy()
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
