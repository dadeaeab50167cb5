import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AgentInterface } from '../a2a/agent-card.ts'
import { agentId } from '../a2a/ids.ts'
import type { AgentClient, AgentTarget, OnBehalfOf } from '../delivery/agent-client.ts'
import { createAgentClient } from './agent-client.ts'
import type { AuthoriseDeps } from './authorise-call.ts'
import { createGuard } from './guard.ts'
import { DEFAULT_UPSTREAM_LIMITS, type UpstreamLimits } from './upstream-limits.ts'

/** A request that a test server got, and where its answer goes. */
export type Exchange = {
  readonly request: IncomingMessage
  readonly body: string
  readonly response: ServerResponse
  /** Settles when the connection of this exchange is gone. */
  readonly closed: Promise<void>
}

export type LoopbackServer = AsyncDisposable & {
  readonly url: string
  readonly port: number
  /** In the order in which their bodies were complete. */
  readonly exchanges: readonly Exchange[]
  /** How many connections there were, whether or not anything was said over them. */
  readonly connections: () => number
}

/** A real HTTP server on loopback that answers as `answer` says, over TLS when it has an identity. */
export async function openLoopbackServer(
  answer: (exchange: Exchange) => void | Promise<void>,
  tls?: { readonly cert: string; readonly key: string },
): Promise<LoopbackServer> {
  const exchanges: Exchange[] = []
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const closed = Promise.withResolvers<void>()
    // A kept connection serves many.
    request.socket.setMaxListeners(0)
    request.socket.once('close', () => closed.resolve())
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const exchange = {
      request,
      body: Buffer.concat(chunks).toString(),
      response,
      closed: closed.promise,
    }
    exchanges.push(exchange)
    await answer(exchange)
  }
  const server = tls === undefined ? createServer(take) : createSecureServer(tls, take)
  let connections = 0
  server.on('connection', () => {
    connections++
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    exchanges,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export const loopbackGuard = createGuard({ policies: { agents: 'loopbackOnly', cards: 'loopbackOnly' } })

/** Whole seconds since the epoch, so that HTTP dates can name it. */
export const NOW = Date.UTC(2026, 0, 1)

/** Whom calls are made for. */
export const ADA: OnBehalfOf = { tenant: 'default', subject: 'key:ada' }

export const REQUEST_ID = 'request-1'

export const openClient = (
  limits: Partial<UpstreamLimits> = {},
  authorise: AuthoriseDeps = {},
): AgentClient =>
  createAgentClient({
    ...authorise,
    guard: loopbackGuard,
    limits: { ...DEFAULT_UPSTREAM_LIMITS, ...limits },
    now: () => NOW,
    newId: () => REQUEST_ID,
    userAgent: 'parley/0.0.0',
  })

export const targetOf = (url: string, via: Partial<AgentInterface> = {}, streaming = true): AgentTarget => ({
  agentId: agentId('agent-1'),
  via: { url, protocolBinding: 'JSONRPC', protocolVersion: '1.0', ...via },
  streaming,
})

/** A result in a JSON-RPC envelope, as text. */
export const rpcResult = (result: string, id = REQUEST_ID): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`

export const rpcError = (code: number, message = 'no', id: string | null = REQUEST_ID): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } })

export function answerJson({ response }: Exchange, body: string, status = 200, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
}

export function answerEvents({ response }: Exchange, ...events: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(events.map((data) => `data: ${data}\n\n`).join(''))
}

export async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const event of events) all.push(event)
  return all
}
