import type { LookupAddress } from 'node:dns'
import { connect, type Socket } from 'node:net'
import { buildConnector } from 'undici'
import type { ClientIdentity } from '../access/credentials/present-credentials.ts'
import { ParleyError } from '../errors.ts'
import type { Guard, Purpose } from './guard.ts'
import { hostOf, portOf } from './host-and-port.ts'
import { HttpError } from './http-error.ts'
import { openTunnel } from './tunnel.ts'
import { orAbort } from './within.ts'

/** How long a silent connection is left alone before TCP asks whether the other side is still there. */
const KEEP_ALIVE_DELAY_MS = 60_000

/**
 * Opens connections to one origin, only to addresses that the guard has just checked: resolved once for each connection,
 * and through the proxy where there is one. Fails with `HttpError`: `forbidden` or `unreachable`, and either way nothing
 * was sent.
 */
export function createConnector(
  guard: Guard,
  purpose: Purpose,
  origin: URL,
  options: {
    readonly timeoutMs: number
    readonly allowH2?: boolean
    /** What to prove ourselves with to a server that asks. */
    readonly certificate?: ClientIdentity
  },
): buildConnector.connector {
  const { timeoutMs, allowH2 = false, certificate } = options
  const { trust, trustAs } = guard.egress
  let connector: buildConnector.connector | undefined
  const secure = (): buildConnector.connector => {
    if (connector !== undefined) return connector
    const context = certificate === undefined ? trust : trustAs(certificate)
    connector = buildConnector({
      timeout: timeoutMs,
      allowH2,
      ...(context === undefined ? {} : { secureContext: context }),
    })
    return connector
  }
  const open = async (target: buildConnector.Options): Promise<Socket> => {
    const tooLate = AbortSignal.timeout(timeoutMs)
    const socket = await openTo(guard, purpose, origin, tooLate)
    // Whoever uses the connection hears of its errors; nobody using it yet is no reason to end the process.
    socket.on('error', ignore)
    if (origin.protocol === 'http:') return socket
    try {
      return await orAbort(overTls(secure(), { ...target, httpSocket: socket }), tooLate)
    } catch (error) {
      socket.destroy()
      throw error
    }
  }
  return (target, callback) => {
    open(target).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(httpErrorOf(error), null),
    )
  }
}

const ignore = () => {}

const overTls = (secure: buildConnector.connector, target: buildConnector.Options): Promise<Socket> =>
  new Promise((resolve, reject) => {
    secure(target, (...[error, socket]) => {
      if (error === null) resolve(socket)
      else reject(error)
    })
  })

/** A connection, not yet secured. */
async function openTo(guard: Guard, purpose: Purpose, origin: URL, tooLate: AbortSignal): Promise<Socket> {
  const url = guard.check(origin.href, purpose)
  const addresses = await orAbort(guard.resolve(url, purpose), tooLate)
  const { egress } = guard
  const ways = addresses.map((to) => ({ to, proxy: egress.proxyFor(url, to.address) }))
  const straight = ways.filter(({ proxy }) => proxy === undefined).map(({ to }) => to)
  if (straight.length > 0) return openStraight(url, straight, tooLate)
  let problem: unknown = new Error('the host has no address')
  for (const { to, proxy } of ways) {
    if (proxy === undefined) continue
    try {
      const { trust } = egress
      const signal = tooLate
      return await openTunnel({ proxy, to, port: portOf(url), signal, ...(trust && { trust }) })
    } catch (error) {
      tooLate.throwIfAborted()
      problem = error
    }
  }
  throw problem
}

function openStraight(url: URL, addresses: readonly LookupAddress[], signal: AbortSignal): Promise<Socket> {
  const socket = connect({
    host: hostOf(url),
    port: portOf(url),
    // What was checked is what is used: the name is not resolved again.
    lookup: (_host, { all }, callback) => {
      const [first] = addresses
      if (first === undefined || all === true) callback(null, [...addresses])
      else callback(null, first.address, first.family)
    },
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
  })
  const giveUp = () => socket.destroy(signal.reason)
  signal.addEventListener('abort', giveUp, { once: true })
  return new Promise<Socket>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  }).finally(() => signal.removeEventListener('abort', giveUp))
}

/** For a failure before the connection stood. */
export function httpErrorOf(cause: unknown): HttpError {
  if (cause instanceof HttpError) return cause
  return cause instanceof ParleyError
    ? new HttpError('forbidden', 'may not be called', { cause })
    : new HttpError('unreachable', 'cannot be reached', { cause })
}
