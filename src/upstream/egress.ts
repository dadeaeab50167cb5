import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { ClientIdentity } from '../access/credentials/present-credentials.ts'
import { ParleyError } from '../errors.ts'
import { bareHost, isLoopback, parseAddressPolicy } from './address-policy.ts'
import { portOf } from './host-and-port.ts'

/** An http or https URL; with https the way to the proxy is encrypted too. */
export type HttpProxy = { readonly url: URL; readonly authorization?: string }

/** Proxies by the scheme of what is called, and what is called without one. */
export type Proxies = {
  readonly https?: HttpProxy
  readonly http?: HttpProxy
  /** As in `NO_PROXY`: hosts with what is below them, addresses and CIDRs, each with an optional port; `*` for all. */
  readonly bypass: readonly string[]
}

/** How connections leave. It decides nothing about where they may go; that is the guard's. */
export type Egress = {
  /** The proxy to `address`, which the guard has found for the host; `undefined` for the straight way. */
  readonly proxyFor: (url: URL, address: string) => HttpProxy | undefined
  /** Whom TLS connections trust; the default when absent. */
  readonly trust?: SecureContext
  /** The same trust, for connections that prove themselves with a certificate. Throws for one that TLS cannot use. */
  readonly trustAs: (certificate: ClientIdentity) => SecureContext
}

export const DIRECT: Egress = {
  proxyFor: () => undefined,
  trustAs: ({ cert, key }) => createSecureContext({ cert, key }),
}

export type EgressDeps = {
  readonly proxies?: Proxies
  /** Certificates in PEM, trusted besides the default ones. */
  readonly extraCa?: string
}

export function createEgress({ proxies, extraCa }: EgressDeps): Egress {
  const proxyFor = proxies === undefined ? DIRECT.proxyFor : proxyChooser(proxies)
  if (extraCa === undefined) return { ...DIRECT, proxyFor }
  const ca = [...getCACertificates('default'), extraCa]
  return {
    proxyFor,
    trust: createSecureContext({ ca }),
    trustAs: ({ cert, key }) => createSecureContext({ ca, cert, key }),
  }
}

/** Loopback means this machine, and a proxy would take it for its own. */
function proxyChooser({ https, http, bypass }: Proxies): Egress['proxyFor'] {
  const rules = bypass.map(bypassRule)
  return (url, address) => {
    if (isLoopback(address)) return undefined
    const host = bareHost(url.hostname)
    if (rules.some((goesWithout) => goesWithout(host, address, portOf(url)))) return undefined
    return url.protocol === 'http:' ? http : https
  }
}

type BypassRule = (host: string, address: string, port: number) => boolean

/** An entry that cannot be read names nothing: the variable is shared with other programs. */
function bypassRule(entry: string): BypassRule {
  if (entry === '*') return () => true
  const [, name = entry, digits] = /^(.+?):(\d{1,5})$/.exec(entry) ?? []
  const suffix = `.${bareHost(name.replace(/^\*?\./, ''))}`
  const ranges = rangesIn(entry)
  return (host, address, port) =>
    (`.${host}`.endsWith(suffix) && (digits === undefined || Number(digits) === port)) ||
    ranges?.judge(address, port) === 'allowed'
}

function rangesIn(entry: string) {
  try {
    return parseAddressPolicy({ allow: [entry] })
  } catch (error) {
    if (error instanceof ParleyError) return undefined
    throw error
  }
}
