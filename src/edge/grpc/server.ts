import { logVerbosity, Server, ServerCredentials, type ServerOptions, setLogVerbosity } from '@grpc/grpc-js'
import { HEALTH_CHECK, HEALTH_LIST, HEALTH_WATCH } from '../../a2a/proto/health.ts'
import { ParleyError } from '../../errors.ts'
import type { AppDeps } from '../http/app-deps.ts'
import { createOpenStreams } from '../http/open-streams.ts'
import { createAdmission } from './admission.ts'
import { Received } from './grpc-exchange.ts'
import { type GrpcDeps, streamHandler, unaryHandler } from './handler.ts'
import { createHealth } from './health.ts'
import { GRPC_METHODS } from './methods.ts'

export type GrpcListenOptions = {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** The agent (id or slug) of calls that name none. */
  readonly agent?: string
  /** Certificate chain and its key, in PEM; served in the clear without. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer }
}

export type GrpcListener = {
  /** The real address: `host:port`. */
  readonly address: string
  /** Accepts nothing new, lets calls in progress end for `graceMs`, then cuts what is left. */
  readonly close: (graceMs: number) => Promise<void>
}

/** Pings find peers that are gone without a word; connections without a call are let go. */
const LIMITS: ServerOptions = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_connection_idle_ms': 300_000,
  'grpc.max_concurrent_streams': 10_000,
  'grpc.enable_channelz': 0,
}

/** Serves A2A 1.0 and 0.3 and gRPC's health protocol on one port. Rejects when the address cannot be bound. */
export async function listenGrpc(appDeps: AppDeps, options: GrpcListenOptions): Promise<GrpcListener> {
  const { host, agent } = options
  // The library would write to the console what it does not like, such as the values of headers.
  setLogVerbosity(logVerbosity.NONE)
  const openStreams = createOpenStreams(appDeps.shutdown, appDeps.settings.heartbeatMs)
  const edgeDeps = { ...appDeps, openStreams }
  const admission = createAdmission(
    edgeDeps,
    new Map(GRPC_METHODS.map(({ path, operation }) => [path, operation])),
  )
  const server = new Server({
    ...LIMITS,
    // The library refuses without details, so what is too long by a little gets as far as the handler, which has them.
    'grpc.max_receive_message_length': 2 * appDeps.settings.maxBodyBytes,
    interceptors: [admission.interceptor],
  })
  register(server, { ...edgeDeps, admission, defaultAgent: agent })
  const port = await bind(server, options)
  const address = addressOf(host, port)
  return { address, close: (graceMs) => close(server, address, graceMs) }
}

const addressOf = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

const receive = (bytes: Buffer): Received => new Received(bytes)
const send = (bytes: Buffer): Buffer => bytes

function register(server: Server, deps: GrpcDeps): void {
  for (const method of GRPC_METHODS) {
    if (method.isStream)
      server.register(method.path, streamHandler(deps, method), send, receive, 'serverStream')
    else server.register(method.path, unaryHandler(deps, method), send, receive, 'unary')
  }
  const health = createHealth(deps)
  server.register(HEALTH_CHECK.path, health.check, send, receive, 'unary')
  server.register(HEALTH_LIST.path, health.list, send, receive, 'unary')
  server.register(HEALTH_WATCH.path, health.watch, send, receive, 'serverStream')
}

function bind(server: Server, { host, port, tls }: GrpcListenOptions): Promise<number> {
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }])
  const address = addressOf(host, port)
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (cause, bound) => {
      if (cause === null) resolve(bound)
      else {
        const message = `gRPC cannot listen on ${address}: stop what listens there, or set PARLEY_GRPC`
        reject(new ParleyError('unavailable', message, { cause }))
      }
    })
  })
}

/** The library's own way to cut everything leaves connections alone unless it keeps statistics of them. */
function close(server: Server, address: string, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    server.drain(address, graceMs)
    server.tryShutdown(() => resolve())
  })
}
