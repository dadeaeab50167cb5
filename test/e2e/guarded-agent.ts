import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { TLSSocket } from 'node:tls'
import { ServerCredentials } from '@grpc/grpc-js'
import { openGrpcAgent } from '../../src/upstream/grpc-agent.case.ts'
import { CERTIFICATE, PRIVATE_KEY } from '../../src/upstream/tls-identity.case.ts'
import { at, numberAt, parsed, textAt } from './json-path.ts'
import { agentCard } from './raw-agent.ts'

export const BINDINGS = ['JSONRPC', 'HTTP+JSON', 'GRPC'] as const
export type Binding = (typeof BINDINGS)[number]

/** What a call to the agent carried. */
export type Shown = {
  readonly header: (name: string) => string | undefined
  readonly headers: () => string
  readonly query: URLSearchParams
  /** The common name of the certificate that the connection proved itself with; over HTTP only. */
  readonly certificate?: string
}

/** An agent of one interface that answers "hi" to those it lets in, and remembers what everybody showed. */
export type GuardedAgent = AsyncDisposable & {
  readonly url: string
  readonly binding: Binding
  readonly shown: readonly Shown[]
  readonly card: (demands?: object) => object
}

export type GuardedAgentOptions = {
  readonly admits?: (shown: Shown) => boolean | Promise<boolean>
  /** Takes TLS connections only, and of those only who has one of these certificates. */
  readonly clients?: readonly string[]
  /** Where calls are sent on instead of being answered. */
  readonly redirectTo?: string
}

/** What the agent answers who asks for its extended card: its card with one skill more. */
const extendedCard = (url: string, protocolBinding: Binding): string =>
  JSON.stringify({
    ...agentCard(url),
    supportedInterfaces: [{ url, protocolBinding, protocolVersion: '1.0' }],
    capabilities: { extendedAgentCard: true },
    skills: [{ id: 'whisper', name: 'Whisper', description: 'For those who are known', tags: ['secret'] }],
  })

const MESSAGE = '{"message":{"messageId":"r","role":"ROLE_AGENT","parts":[{"text":"hi"}]}}'

export async function startGuardedAgent(
  binding: Binding,
  options: GuardedAgentOptions = {},
): Promise<GuardedAgent> {
  const shown: Shown[] = []
  const admits = async (one: Shown): Promise<boolean> => {
    shown.push(one)
    return (await options.admits?.(one)) ?? true
  }
  const { url, close } = await (binding === 'GRPC' ? serveGrpc : serveHttp)(binding, admits, options)
  const supportedInterfaces = [{ url, protocolBinding: binding, protocolVersion: '1.0' }]
  return {
    url,
    binding,
    shown,
    card: (demands = {}) => ({ ...agentCard(url), supportedInterfaces, ...demands }),
    [Symbol.asyncDispose]: close,
  }
}

type Admits = (one: Shown) => Promise<boolean>
type Server = { readonly url: string; readonly close: () => Promise<void> }

async function serveHttp(
  binding: Binding,
  admits: Admits,
  { clients, redirectTo }: GuardedAgentOptions,
): Promise<Server> {
  const ownUrl = () =>
    `http${clients === undefined ? '' : 's'}://127.0.0.1:${numberAt(server.address(), 'port')}/agent`
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const { socket, headers, url = '' } = request
    const peer = socket instanceof TLSSocket ? socket.getPeerCertificate().subject?.CN : undefined
    const isLetIn = await admits({
      header: (name) => headers[name]?.toString(),
      headers: () => JSON.stringify(request.rawHeaders),
      query: new URL(url, 'http://agent').searchParams,
      ...(typeof peer === 'string' ? { certificate: peer } : {}),
    })
    if (redirectTo !== undefined) {
      response.writeHead(307, { location: redirectTo }).end()
      return
    }
    response.writeHead(isLetIn ? 200 : 401, { 'content-type': 'application/json' })
    if (!isLetIn) response.end('{}')
    else if (binding === 'JSONRPC') {
      const body = parsed(Buffer.concat(chunks).toString())
      const isAboutCard = at(body, 'method') === 'GetExtendedAgentCard'
      const result = isAboutCard ? extendedCard(ownUrl(), binding) : MESSAGE
      response.end(`{"jsonrpc":"2.0","id":${JSON.stringify(at(body, 'id'))},"result":${result}}`)
    } else response.end(/extendedAgentCard/.test(url) ? extendedCard(ownUrl(), binding) : MESSAGE)
  }
  const tls = { cert: CERTIFICATE, key: PRIVATE_KEY, requestCert: true, rejectUnauthorized: true }
  const server =
    clients === undefined
      ? createServer(listener)
      : createSecureServer({ ...tls, ca: [...clients] }, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: ownUrl(),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const UNAUTHENTICATED = 16

async function serveGrpc(
  _binding: Binding,
  admits: Admits,
  { clients }: GuardedAgentOptions,
): Promise<Server> {
  const pair = { private_key: Buffer.from(PRIVATE_KEY), cert_chain: Buffer.from(CERTIFICATE) }
  const credentials =
    clients === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(Buffer.from(clients.join('')), [pair], true)
  const ownUrl = () => `${clients === undefined ? 'grpc' : 'grpcs'}://127.0.0.1:${agent.port}`
  const agent = await openGrpcAgent(
    async ({ operation, header, metadata, say, end }) => {
      const isLetIn = await admits({ header, headers: metadata, query: new URLSearchParams() })
      const isAboutCard = operation === 'GetExtendedAgentCard'
      if (isLetIn) await say(isAboutCard ? extendedCard(ownUrl(), 'GRPC') : MESSAGE)
      end(isLetIn ? undefined : { code: UNAUTHENTICATED })
    },
    { credentials },
  )
  return {
    url: ownUrl(),
    close: async () => agent[Symbol.asyncDispose](),
  }
}

/** The text of the message in what a send returned; why it failed, where it did. */
export const saidIn = (result: unknown): string =>
  at(result, 'message') === undefined
    ? `${textAt(result, 'task', 'status', 'state')} ${JSON.stringify(at(result, 'task', 'status', 'message'))}`
    : textAt(result, 'message', 'parts', 0, 'text')
