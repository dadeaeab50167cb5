import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { connect, type Socket } from 'node:net'

/** What a proxy was asked to connect to, and by what name it was called itself. */
export type Tunnel = {
  readonly authority: string
  readonly headers: IncomingHttpHeaders
  readonly servername: unknown
}

export type ConnectProxy = AsyncDisposable & { readonly url: URL; readonly tunnels: readonly Tunnel[] }

export type ConnectProxyOptions = {
  /** The port on loopback that stands for an authority; else a status, or nothing for no answer at all. */
  readonly answer: (authority: string) => { readonly port: number } | { readonly status: number } | undefined
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Says yes only once the other end has spoken, and its first words in the same breath. */
  readonly isSlow?: boolean
}

/** A real HTTP proxy on loopback that knows CONNECT. */
export async function openConnectProxy({
  answer,
  tls,
  isSlow = false,
}: ConnectProxyOptions): Promise<ConnectProxy> {
  const tunnels: Tunnel[] = []
  const sockets = new Set<Socket>()
  const server = tls === undefined ? createServer() : createSecureServer(tls)
  server.on('connection', (socket: Socket) => keep(socket))
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    const authority = request.url ?? ''
    const servername = 'servername' in socket ? socket.servername : undefined
    tunnels.push({ authority, headers: request.headers, servername })
    socket.on('error', () => {})
    const way = answer(authority)
    if (way === undefined) return
    if ('status' in way) {
      socket.end(`HTTP/1.1 ${way.status} No\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    const end = keep(connect(way.port, '127.0.0.1'))
    const join = (first = '') => {
      socket.write(Buffer.from(`HTTP/1.1 200 Connection established\r\n\r\n${first}`, 'latin1'))
      socket.pipe(end).pipe(socket)
    }
    if (isSlow) end.once('data', (chunk: Buffer) => join(chunk.toString('latin1')))
    else end.once('connect', () => join())
  })
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    return socket
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: new URL(`${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`),
    tunnels,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}
