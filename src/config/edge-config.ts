import { isAddressOrRange } from './addresses.ts'
import type { Reader } from './read-settings.ts'

/** What the edges are told of callers and of what stands in front of them. */
export type EdgeConfig = {
  /** Addresses and CIDRs. */
  readonly trustedProxies: readonly string[]
  readonly forwarded: 'x-forwarded' | 'forwarded'
  readonly allowPlaintext: boolean
}

export function edgeConfig(read: Reader): EdgeConfig {
  const trustedProxies = read.list('TRUSTED_PROXIES')
  const strangers = trustedProxies.filter((entry) => !isAddressOrRange(entry))
  if (strangers.length > 0) {
    read.problem('TRUSTED_PROXIES', `holds ${strangers.join(', ')}, but must be addresses or CIDRs`)
  }
  return {
    trustedProxies,
    forwarded: read.oneOf('FORWARDED', ['x-forwarded', 'forwarded'], 'x-forwarded'),
    allowPlaintext: read.flag('ALLOW_PLAINTEXT', false),
  }
}
