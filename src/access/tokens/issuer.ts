import type { Scope } from '../principal.ts'
import type { Algorithm } from '../public-keys.ts'

/** An identity provider whose tokens are taken, and how far its word goes. */
export type Issuer = {
  /** What its subjects and groups are stored under. */
  readonly alias: string
  /** Exactly as its tokens say in `iss`. */
  readonly issuer: string
  /** Where its keys are; discovered when absent. */
  readonly jwksUrl?: string
  /** A token must be meant for one of these. */
  readonly audience: readonly string[]
  readonly algorithms: readonly Algorithm[]
  readonly clockToleranceS: number
  /** Its keys are used this long after they were last fetched, while it cannot be reached. */
  readonly maxStaleS: number
  /** Its tokens speak for nobody outside these tenants, and allow nothing beyond these scopes. */
  readonly tenants: readonly string[]
  readonly scopes: readonly Scope[]
  /** The tenant of tokens that name none. */
  readonly defaultTenant?: string
  /** Where tokens say what, as paths. */
  readonly claims: ClaimPaths
  /** What the provider's names of scopes and roles mean here. A name that is not in it means itself. */
  readonly scopeNames: Readonly<Record<string, readonly Scope[]>>
  /** Names, as the token has them, without which it is good for nothing here. */
  readonly requiredScopes: readonly string[]
  /** Values of `typ`, in lower case and without `application/`; `absent` for tokens without. */
  readonly tokenTypes: readonly string[]
}

export type ClaimPaths = {
  readonly subject: readonly string[]
  readonly tenant: readonly string[]
  readonly groups: readonly string[]
  readonly scopes: readonly string[]
  readonly audience: readonly string[]
}

/** The member that stands for tokens without a type. */
export const NO_TYPE = 'absent'

/** `application/at+jwt` and `AT+JWT` are one type (RFC 7515 §4.1.9). */
export const typeOf = (typ: string): string => typ.toLowerCase().replace(/^application\//, '')
