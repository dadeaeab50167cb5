import { type ClientHttp2Session, connect } from 'node:http2'
import type { Socket } from 'node:net'
import type { ClientIdentity } from '../access/credentials/present-credentials.ts'
import { ParleyError } from '../errors.ts'
import { type GrpcAddress, parseGrpcAddress } from '../registry/grpc-address.ts'
import { createConnector, httpErrorOf } from './connect.ts'
import type { Guard } from './guard.ts'
import { hostOf } from './host-and-port.ts'
import { orAbort } from './within.ts'

export type OpenHttp2Deps = {
  readonly guard: Guard
  /** DNS, TCP, TLS and the first word of the server together. */
  readonly connectTimeoutMs: number
}

/** A server of HTTP/2, and what to prove ourselves with to it. */
export type Http2Target = {
  /** In any form that an address of gRPC may have. */
  readonly address: string
  readonly certificate?: ClientIdentity
  /** What is sent must not go in plain text, unless the address says that. */
  readonly isSecret: boolean
}

export type OpenHttp2 = {
  readonly session: ClientHttp2Session
  /** Ends it with all its streams, whatever the server makes of that. */
  readonly close: () => void
}

/** What one stream, and all of a connection, may have on its way to us: what a reader that stalls makes us hold. */
const WINDOW_BYTES = 1024 * 1024

/** Room for what is on its way to the server; beyond it Node.js refuses new streams. */
const MAX_SESSION_MEGABYTES = 1000

/**
 * An HTTP/2 connection to where the address says, TLS unless that is plain. A bare `host:port` does not say, and means plain
 * text exactly where nothing secret is sent and the policy allows it for the host as it is resolved now. Fails with
 * `HttpError`: `forbidden` or `unreachable`, and either way nothing was asked of the server.
 */
export async function openHttp2(deps: OpenHttp2Deps, target: Http2Target): Promise<OpenHttp2> {
  const tooLate = AbortSignal.timeout(deps.connectTimeoutMs)
  try {
    const origin = await orAbort(originOf(deps.guard, target), tooLate)
    const opening = openSocket(deps, origin, target)
    const socket = await orAbort(opening, tooLate).catch((error: unknown) => {
      void opening.then((late) => late.destroy(), ignore)
      throw error
    })
    return await openSession(socket, origin, tooLate)
  } catch (error) {
    throw httpErrorOf(error)
  }
}

const ignore = () => {}

async function originOf(guard: Guard, target: Http2Target): Promise<URL> {
  const address = parseGrpcAddress(target.address)
  if (address === undefined) throw new ParleyError('invalid_params', 'The address is not valid')
  const { tls = target.isSecret || !(await mayBePlain(guard, address)) } = address
  return guard.check(urlOf(address, tls).href, 'agents')
}

const urlOf = ({ host, port }: GrpcAddress, tls: boolean): URL =>
  new URL(`${tls ? 'https' : 'http'}://${host}:${port}`)

async function mayBePlain(guard: Guard, address: GrpcAddress): Promise<boolean> {
  try {
    await guard.resolve(guard.check(urlOf(address, false).href, 'agents'), 'agents')
    return true
  } catch (error) {
    if (error instanceof ParleyError) return false
    throw error
  }
}

/** The same connector as for HTTP/1.1, and so the same guard: every connection resolves and checks the host anew. */
async function openSocket(
  { guard, connectTimeoutMs }: OpenHttp2Deps,
  origin: URL,
  { certificate }: Http2Target,
): Promise<Socket> {
  const connector = createConnector(guard, 'agents', origin, {
    timeoutMs: connectTimeoutMs,
    allowH2: true,
    ...(certificate === undefined ? {} : { certificate }),
  })
  const socket = await new Promise<Socket>((resolve, reject) => {
    const { host, protocol, port } = origin
    connector({ hostname: hostOf(origin), host, protocol, port }, (...[error, opened]) => {
      if (error === null) resolve(opened)
      else reject(error)
    })
  })
  if (origin.protocol === 'http:' || ('alpnProtocol' in socket && socket.alpnProtocol === 'h2')) return socket
  socket.destroy()
  throw Object.assign(new Error('the server does not speak HTTP/2'), { code: NOT_HTTP2 })
}

/** What Node.js calls it when a server without TLS does not. */
const NOT_HTTP2 = 'ERR_HTTP2_ERROR'

/** Resolves once the server has shown that it speaks HTTP/2: a server of something else is sent no request. */
async function openSession(socket: Socket, origin: URL, tooLate: AbortSignal): Promise<OpenHttp2> {
  const session = connect(origin, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
    maxSessionMemory: MAX_SESSION_MEGABYTES,
  })
  const began = Promise.withResolvers<void>()
  session.once('remoteSettings', () => began.resolve())
  session.once('close', () => began.reject(new Error('the server closed the connection')))
  // A server that wants another certificate says so once the connection stands, and the session waits for more.
  socket.once('error', began.reject)
  // A request under way hears of it from its own stream.
  session.on('error', (error) => began.reject(error))
  const close = () => {
    session.destroy()
    // A session that was closing would wait for the server to do its part.
    socket.destroy()
  }
  try {
    await orAbort(began.promise, tooLate)
    session.setLocalWindowSize(WINDOW_BYTES)
    return { session, close }
  } catch (error) {
    close()
    throw error
  }
}
