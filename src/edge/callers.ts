import { BlockList, isIP } from 'node:net'
import { ParleyError } from '../errors.ts'
import type { EdgeRequest, HeaderSource } from './exchange.ts'
import { type ForwardedForm, hopsOf } from './forwarded.ts'

export type CallerSettings = {
  /** Addresses or CIDRs of the proxies in front, whose word about their callers is taken. */
  readonly trustedProxies: readonly string[]
  /** How those proxies write it. */
  readonly forwarded: ForwardedForm
  /** Calls that came in the clear are refused. */
  readonly demandsTls: boolean
}

export type CallerRequest = HeaderSource & Pick<EdgeRequest, 'peer'>

/** Where calls come from, seen past the proxies that are trusted. */
export interface Callers {
  /** The caller's network address, as far as it can be trusted; `undefined` where no network is between. */
  addressOf(request: CallerRequest): string | undefined
  /** The caller is known to have come over TLS, which ended here or at a trusted proxy that says so. */
  isSecure(request: CallerRequest): boolean
  /** The connection is that of a trusted proxy, so that what it proves is not who calls. */
  isProxied(request: CallerRequest): boolean
  /** Throws `forbidden` for a call in the clear, where TLS is demanded. */
  requireTls(request: CallerRequest): void
}

export function createCallers({ trustedProxies, forwarded, demandsTls }: CallerSettings): Callers {
  const proxies = trustedProxies.length === 0 ? undefined : rangesOf(trustedProxies)
  const isProxy = (address: string): boolean => proxies !== undefined && isIn(proxies, address)

  const isProxied = ({ peer }: CallerRequest): boolean => peer !== undefined && isProxy(peer.address)

  const addressOf = (request: CallerRequest): string | undefined => {
    const { peer } = request
    if (peer === undefined || !isProxy(peer.address)) return peer?.address || undefined
    let { address } = peer
    for (const hop of hopsOf(request, forwarded)) {
      if (hop.address === undefined) return address
      address = hop.address
      if (!isProxy(address)) return address
    }
    return address
  }

  /** What the trusted proxies say, in a row from the nearest; one that says `http` counts before all others. */
  const protoOf = (request: CallerRequest): string | undefined => {
    let told: string | undefined
    for (const hop of hopsOf(request, forwarded)) {
      if (hop.proto !== undefined && hop.proto !== 'https') return hop.proto
      told ??= hop.proto
      if (hop.address === undefined || !isProxy(hop.address)) break
    }
    return told
  }

  const requireTls = (request: CallerRequest): void => {
    const { peer } = request
    if (peer === undefined) return
    if (isProxy(peer.address)) {
      const proto = protoOf(request)
      if (proto !== undefined && proto !== 'https') throw inTheClear()
    } else if (!peer.isSecure && !isIn(LOOPBACK, peer.address)) throw inTheClear()
  }

  return {
    addressOf,
    isProxied,
    isSecure: (request) =>
      isProxied(request) ? protoOf(request) === 'https' : request.peer?.isSecure === true,
    requireTls: demandsTls ? requireTls : () => {},
  }
}

const inTheClear = (): ParleyError =>
  new ParleyError(
    'forbidden',
    'Calls are taken over TLS only, and this one came in the clear: its credential should count as known to others',
  )

/** `entries` are addresses and CIDRs, as the configuration has checked. */
function rangesOf(entries: readonly string[]): BlockList {
  const ranges = new BlockList()
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) ranges.addAddress(address, family)
    else ranges.addSubnet(address, Number(bits), family)
  }
  return ranges
}

const LOOPBACK = rangesOf(['127.0.0.0/8', '::1'])

function isIn(ranges: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && ranges.check(address, family === 6 ? 'ipv6' : 'ipv4')
}
