import type { JWK } from 'jose'
import { type Algorithm, isAlgorithm, parseKeySet, verifies } from '../../access/public-keys.ts'
import { createRecent } from '../../access/recent.ts'
import type { Events } from '../../telemetry/events.ts'
import { isBelow } from '../http-url.ts'
import type { KeySource } from './key-source.ts'

/** What a signature says of its key. */
export type KeyClaim = { readonly keyId: string; readonly algorithm: string; readonly keysUrl?: string }

export interface TrustedKeys {
  /** The keys we trust that may have made such a signature: of that id, fit for the algorithm, not expired. */
  find(claim: KeyClaim, signal: AbortSignal): Promise<readonly JWK[]>
}

export type TrustedKeysDeps = {
  /** Keys that are trusted wherever their signatures come from. */
  readonly pinned: readonly JWK[]
  /** Where key sets may be fetched from: URLs, each with everything below it. */
  readonly locations: readonly string[]
  readonly source: KeySource
  readonly events: Pick<Events, 'cardKeysUnreachable'>
  readonly now: () => number
}

/** How long fetched keys are used, and how long a place that has none is left alone. */
const MAX_AGE_MS = 60_000
const MAX_KEY_SETS = 100

/** What publishers sign cards with. */
export const CARD_ALGORITHMS: readonly Algorithm[] = ['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256', 'PS256']

/** To some servers a slash or backslash, so that the path leads elsewhere. */
const HIDDEN_SLASH = /%(?:2f|5c|25)/i

export function createTrustedKeys({ pinned, locations, source, events, now }: TrustedKeysDeps): TrustedKeys {
  const fetched = createRecent<readonly JWK[]>({ maxSize: MAX_KEY_SETS, maxAgeMs: MAX_AGE_MS, now })

  const keysAt = async (url: string, signal: AbortSignal): Promise<readonly JWK[]> => {
    const known = fetched.get(url)
    if (known !== undefined) return known
    const keys = await source
      .fetchKeys(url, signal)
      .then((text) => parseKeySet(text))
      .catch((cause: unknown) => {
        if (!signal.aborted) events.cardKeysUnreachable({ url, cause })
        return []
      })
    // A caller who left says nothing about the keys.
    signal.throwIfAborted()
    fetched.set(url, keys)
    return keys
  }

  return {
    async find({ keyId, algorithm, keysUrl }, signal) {
      if (!isAlgorithm(algorithm) || !CARD_ALGORITHMS.includes(algorithm)) return []
      const isTrusted =
        keysUrl !== undefined &&
        !HIDDEN_SLASH.test(keysUrl) &&
        locations.some((location) => isBelow(keysUrl, location))
      const keys = isTrusted ? [...pinned, ...(await keysAt(keysUrl, signal))] : pinned
      return keys.filter((key) => key.kid === keyId && verifies(key, algorithm, now()))
    },
  }
}
