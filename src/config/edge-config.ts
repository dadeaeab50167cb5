import { isAddressOrRange } from './addresses.ts'
import type { Reader } from './read-settings.ts'

/** What the edges are told of callers and of what stands in front of them. */
export type EdgeConfig = {
  /** Addresses and CIDRs. */
  readonly trustedProxies: readonly string[]
  readonly forwarded: 'x-forwarded' | 'forwarded'
  readonly allowPlaintext: boolean
  /** How often one principal may call, and one agent be called; without a limit when absent. */
  readonly rate?: RateConfig
  readonly agentRate?: RateConfig
  /** Streams that one principal may have open. */
  readonly maxStreams: number
  /** Origins whose pages may call. */
  readonly corsOrigins: readonly string[]
}

export type RateConfig = { readonly perSecond: number; readonly burst: number }

export function edgeConfig(read: Reader): EdgeConfig {
  const trustedProxies = read.list('TRUSTED_PROXIES')
  const strangers = trustedProxies.filter((entry) => !isAddressOrRange(entry))
  if (strangers.length > 0) {
    read.problem('TRUSTED_PROXIES', `holds ${strangers.join(', ')}, but must be addresses or CIDRs`)
  }
  const rate = rateOf(read, 'RATE_LIMIT')
  const agentRate = rateOf(read, 'AGENT_RATE_LIMIT')
  return {
    trustedProxies,
    forwarded: read.oneOf('FORWARDED', ['x-forwarded', 'forwarded'], 'x-forwarded'),
    allowPlaintext: read.flag('ALLOW_PLAINTEXT', false),
    ...(rate !== undefined && { rate }),
    ...(agentRate !== undefined && { agentRate }),
    corsOrigins: corsOrigins(read),
    maxStreams: read.integer('MAX_STREAMS', 10_000, { min: 1 }),
  }
}

/** Any origin would be too many, whoever it is: there is no `*`. */
function corsOrigins(read: Reader): readonly string[] {
  const origins = read.list('CORS_ORIGINS')
  const others = origins.filter((text) => !/^https?:[^*]*$/.test(text) || URL.parse(text)?.origin !== text)
  if (others.length > 0) {
    read.problem(
      'CORS_ORIGINS',
      `holds ${others.join(', ')}, but must be exact origins, such as https://app.example: in lower case, without path and default port`,
    )
  }
  return origins
}

/** `<calls per second>`, which may be a fraction, or `<calls per second>:<calls at once>`. 0 is no limit. */
function rateOf(read: Reader, setting: 'RATE_LIMIT' | 'AGENT_RATE_LIMIT'): RateConfig | undefined {
  const text = read.text(setting)
  if (text === undefined || text === '0') return undefined
  const [, rate = '', burst] = /^(\d{1,7}(?:\.\d{1,3})?)(?::(\d{1,7}))?$/.exec(text) ?? []
  const perSecond = Number(rate)
  const atOnce = burst === undefined ? Math.max(1, Math.ceil(perSecond * 2)) : Number(burst)
  if (perSecond > 0 && atOnce > 0) return { perSecond, burst: atOnce }
  read.problem(setting, `is ${text}, but must be 0 or calls per second, such as 20 or 20:100 (100 at once)`)
  return undefined
}
