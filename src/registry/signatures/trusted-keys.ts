import type { JWK } from 'jose'
import Type from 'typebox'
import { check, parseJson } from '../../a2a/wire.ts'
import { createRecent } from '../../access/recent.ts'
import { ParleyError } from '../../errors.ts'
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

const KeySet = check(
  Type.Object({ keys: Type.Array(Type.Object({ kty: Type.String() }), { maxItems: 100 }) }),
)

/** How long fetched keys are used, and how long a place that has none is left alone. */
const MAX_AGE_MS = 60_000
const MAX_KEY_SETS = 100

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
      const isTrusted =
        keysUrl !== undefined &&
        !HIDDEN_SLASH.test(keysUrl) &&
        locations.some((location) => isBelow(keysUrl, location))
      const keys = isTrusted ? [...pinned, ...(await keysAt(keysUrl, signal))] : pinned
      return keys.filter((key) => key.kid === keyId && isUsable(key, now()) && fits(key, algorithm))
    },
  }
}

/** The keys of a JWK set. Throws `invalid_params`, naming the set as `name`, for what is none or holds what is not public. */
export function parseKeySet(text: string, name = 'The key set'): readonly JWK[] {
  try {
    const { keys } = KeySet.parse(parseJson(text))
    if (!keys.some((key) => 'd' in key || key.kty === 'oct')) return keys
  } catch (cause) {
    throw new ParleyError('invalid_params', `${name} must hold a JWK set`, { cause })
  }
  throw new ParleyError('invalid_params', `${name} must hold public keys only`)
}

/** `exp` and `revoked` are written in the key itself by some issuers. */
function isUsable(key: JWK, now: number): boolean {
  const { exp, revoked, use } = key as { exp?: unknown; revoked?: unknown; use?: unknown }
  if (use !== undefined && use !== 'sig') return false
  return revoked === undefined && (exp === undefined || (typeof exp === 'number' && now < exp * 1000))
}

/** The kinds of key that each admitted algorithm takes. Symmetric ones and `none` are not among them. */
const KINDS: Readonly<Record<string, { readonly kty: string; readonly crv?: string }>> = {
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  RS256: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
}

export const ALGORITHMS: readonly string[] = Object.keys(KINDS)

function fits(key: JWK, algorithm: string): boolean {
  const kind = Object.hasOwn(KINDS, algorithm) ? KINDS[algorithm] : undefined
  if (kind === undefined || key.kty !== kind.kty) return false
  return (kind.crv === undefined || key.crv === kind.crv) && (key.alg === undefined || key.alg === algorithm)
}
