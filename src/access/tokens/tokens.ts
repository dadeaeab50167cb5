/**
 * Bearer tokens of identity providers: JWTs (RFC 9068 and its relatives).
 *
 * Owns which issuers are trusted, their keys, and what a token of theirs may say. An issuer's word goes as far as its
 * configuration: its own subjects and groups, the tenants and scopes listed for it. Why a token is refused goes to the log
 * and to nobody else.
 */
import type { CryptoKey } from 'jose'
import { compactVerify } from 'jose/jws/compact/verify'
import type { Events } from '../../telemetry/events.ts'
import { missingScope } from '../assert-scope.ts'
import { hashOf } from '../key-secret.ts'
import type { Principal } from '../principal.ts'
import { isAlgorithm } from '../public-keys.ts'
import { createRecent } from '../recent.ts'
import { isForUs, judgeTimes, namesOfScopes, principalOf } from './claims.ts'
import { type Issuer, NO_TYPE, typeOf } from './issuer.ts'
import { createIssuerKeys, type IssuerKeys, type IssuerKeysDeps, type KeyClaim } from './issuer-keys.ts'
import { type Refusal, readToken, type UnverifiedToken } from './read-token.ts'

export interface Tokens {
  /** The principal a token proves, or `undefined`. Throws `forbidden` when it lacks a scope that its issuer's tokens must have. */
  authenticate(token: string, requestId?: string): Promise<Principal | undefined>
  /**
   * The principal of a token of the past, within what its issuer's word goes for now; `undefined` when that is nothing: the
   * issuer is trusted no more, or not for its tenant.
   */
  reassess(principal: Principal, alias: string): Principal | undefined
  /** Asks every issuer for its keys, so that one which cannot be reached is known of early. */
  warm(): Promise<void>
}

export type TokensDeps = IssuerKeysDeps & { readonly issuers: readonly Issuer[] }

/** A verified token is not verified again this long, and not beyond its `exp`. */
const MAX_AGE_MS = 60_000
const MAX_REMEMBERED = 2000

type Trusted = { readonly issuer: Issuer; readonly keys: IssuerKeys }

export function createTokens(deps: TokensDeps): Tokens {
  const { issuers, now, events } = deps
  const trusted: readonly Trusted[] = issuers.map((issuer) => ({
    issuer,
    keys: createIssuerKeys(issuer, deps),
  }))
  const verified = createRecent<Principal>({ maxSize: MAX_REMEMBERED, maxAgeMs: MAX_AGE_MS, now })

  return {
    async authenticate(token, requestId) {
      const hash = hashOf(token)
      const known = verified.get(hash)
      if (known?.expiresAt !== undefined && now() < known.expiresAt) return known

      const read = readToken(token)
      if (typeof read === 'string') return refuse(events, { reason: read, requestId })
      const by = trusted.find(({ issuer }) => issuer.issuer === read.claims.iss)
      const principal = await judge(token, read, by, now)
      if (typeof principal === 'string') {
        return refuse(events, { reason: principal, issuer: by?.issuer.alias, requestId })
      }
      if (by !== undefined) requireScopes(read, by.issuer)
      verified.set(hash, principal)
      return principal
    },
    reassess(principal, alias) {
      const issuer = issuers.find((known) => known.alias === alias)
      if (issuer === undefined || !issuer.tenants.includes(principal.tenant)) return undefined
      const scopes = [...principal.scopes].filter((scope) => issuer.scopes.includes(scope))
      return scopes.length === principal.scopes.size ? principal : { ...principal, scopes: new Set(scopes) }
    },
    async warm() {
      await Promise.all(trusted.map(({ keys }) => keys.warm()))
    },
  }
}

type Refused = {
  readonly reason: Refusal
  readonly issuer?: string | undefined
  readonly requestId: string | undefined
}

function refuse(events: Events, { reason, issuer, requestId }: Refused): undefined {
  events.tokenRefused({
    reason,
    ...(issuer === undefined ? {} : { issuer }),
    ...(requestId === undefined ? {} : { requestId }),
  })
}

/** Every check of a token, those first that cost nothing. */
async function judge(
  token: string,
  read: UnverifiedToken,
  by: Trusted | undefined,
  now: () => number,
): Promise<Principal | Refusal> {
  const { header, claims } = read
  const form = judgeHeader(header)
  if (form !== undefined) return form
  if (by === undefined) return 'issuer'
  const { issuer, keys } = by
  const claim = keyClaimOf(header, issuer)
  if (typeof claim === 'string') return claim
  const times = judgeTimes(claims, issuer, now())
  if (times !== undefined) return times
  if (!isForUs(claims, issuer)) return 'audience'

  const candidates = await keys.find(claim)
  if (candidates === undefined) return 'keys_unavailable'
  if (candidates.length === 0) return 'unknown_key'
  if (!(await isSignedBy(token, candidates, claim))) return 'signature'
  return principalOf(claims, issuer)
}

/** Members by which a token would bring its own key. */
const EMBEDDED_KEYS = ['jwk', 'jku', 'x5u', 'x5c']

function judgeHeader(header: UnverifiedToken['header']): Refusal | undefined {
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) return 'critical_header'
  return EMBEDDED_KEYS.some((name) => Object.hasOwn(header, name)) ? 'embedded_key' : undefined
}

const MAX_KEY_ID_LENGTH = 256

function keyClaimOf({ alg, typ, kid }: UnverifiedToken['header'], issuer: Issuer): KeyClaim | Refusal {
  if (!isAlgorithm(alg) || !issuer.algorithms.includes(alg)) return 'algorithm'
  const type = typ === undefined ? NO_TYPE : typeof typ === 'string' && typ !== NO_TYPE ? typeOf(typ) : ''
  if (!issuer.tokenTypes.includes(type)) return 'type'
  if (typeof kid !== 'string' || kid === '' || kid.length > MAX_KEY_ID_LENGTH) return 'key_id'
  return { keyId: kid, algorithm: alg }
}

async function isSignedBy(
  token: string,
  keys: readonly CryptoKey[],
  { algorithm }: KeyClaim,
): Promise<boolean> {
  for (const key of keys) {
    try {
      await compactVerify(token, key, { algorithms: [algorithm] })
      return true
    } catch {
      // Not this key, or not these bytes: both mean that it did not sign them.
    }
  }
  return false
}

function requireScopes({ claims }: UnverifiedToken, issuer: Issuer): void {
  const names = namesOfScopes(claims, issuer)
  const missing = issuer.requiredScopes.find((name) => !names.has(name))
  if (missing !== undefined) throw missingScope(missing)
}
