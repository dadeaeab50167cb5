import { isIP } from 'node:net'
import type { HeaderSource } from './exchange.ts'
import { plainAddress } from './peer.ts'

/** What proxies write down of whom they forward for: `X-Forwarded-For` and `-Proto`, or `Forwarded` (RFC 7239). */
export type ForwardedForm = 'x-forwarded' | 'forwarded'

/** What one proxy says of who called it. `address` is absent where it says nothing that is one. */
export type Hop = { readonly address?: string; readonly proto?: string }

/** More proxies in a row than anybody has. */
const MAX_HOPS = 16
/** There are four; whoever writes thousands of empty ones wants them to be read. */
const MAX_PAIRS = 16

/** What the proxies of a request say, the nearest first. Only as many are believed as are trusted, so the rest may hold anything. */
export function hopsOf(request: HeaderSource, form: ForwardedForm): readonly Hop[] {
  return form === 'forwarded'
    ? entriesOf(request.header('forwarded')).map(hopIn)
    : xForwarded(entriesOf(request.header('x-forwarded-for')), entriesOf(request.header('x-forwarded-proto')))
}

/** Some proxies pass on the protocol that another one found, so that of one entry is the protocol of them all. */
function xForwarded(addresses: readonly string[], protos: readonly string[]): readonly Hop[] {
  const proto = protos.find((told) => told.toLowerCase() !== 'https') ?? protos[0]
  const told = proto === undefined ? {} : { proto: proto.toLowerCase() }
  if (addresses.length === 0) return proto === undefined ? [] : [told]
  return addresses.map((text) => ({ ...addressIn(text), ...told }))
}

/**
 * Cut at every comma, also within quotes: none is in what a proxy of ours writes, and a quote that a client opened must not
 * swallow it.
 */
const entriesOf = (header: string | undefined): readonly string[] =>
  header === undefined
    ? []
    : header
        .split(',')
        .slice(-MAX_HOPS)
        .reverse()
        .map((entry) => entry.trim())

function hopIn(element: string): Hop {
  const pairs = element
    .split(';', MAX_PAIRS)
    .map((pair) => /^\s*(\w+)=(?:"([^"\\]*)"|([^\s"]+))\s*$/.exec(pair))
  const textOf = (name: string): string | undefined => {
    const [found, ...more] = pairs.filter((pair) => pair?.[1]?.toLowerCase() === name)
    return more.length > 0 ? undefined : (found?.[2] ?? found?.[3])
  }
  const proto = textOf('proto')?.toLowerCase()
  return { ...addressIn(textOf('for') ?? ''), ...(proto === undefined ? {} : { proto }) }
}

/** With or without a port, IPv6 with or without brackets. */
function addressIn(text: string): { readonly address?: string } {
  const bare = /^\[([^\]]+)\](?::\w+)?$/.exec(text)?.[1] ?? /^([\d.]+):\w+$/.exec(text)?.[1] ?? text
  return isIP(bare) === 0 ? {} : { address: plainAddress(bare.toLowerCase()) }
}
