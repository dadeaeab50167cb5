import type { Spent } from './call-limits.ts'

/**
 * What a client is told of the limits that its call was counted against: `RateLimit-Policy` and `RateLimit`
 * (draft-ietf-httpapi-ratelimit-headers-10). A share of `q` is full again after `w` seconds without a call; `t` is when this
 * one is, as it stands.
 */
export function limitHeaders(spent: readonly Spent[] | undefined): Readonly<Record<string, string>> {
  if (spent === undefined) return {}
  return {
    'ratelimit-policy': spent
      .map(({ policy, rate }) => `"${policy}";q=${rate.burst};w=${Math.ceil(rate.burst / rate.perSecond)}`)
      .join(', '),
    ratelimit: spent
      .map(({ policy, left }) => `"${policy}";r=${left.remaining};t=${Math.ceil(left.fullInMs / 1000)}`)
      .join(', '),
  }
}
