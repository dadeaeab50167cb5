import type { JWK } from 'jose'
import Type from 'typebox'
import { check, parseJson } from '../a2a/wire.ts'
import { ParleyError } from '../errors.ts'

const KeySet = check(
  Type.Object({ keys: Type.Array(Type.Object({ kty: Type.String() }), { maxItems: 100 }) }),
)

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

/** The kinds of key that each algorithm takes. Symmetric ones and `none` are not among them. */
const KINDS = {
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  PS384: { kty: 'RSA' },
  PS512: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
} as const satisfies Record<string, { readonly kty: string; readonly crv?: string }>

export type Algorithm = keyof typeof KINDS

/** Those by which a public key verifies what a private one signed. */
export const ALGORITHMS = Object.keys(KINDS) as readonly Algorithm[]

export const isAlgorithm = (name: unknown): name is Algorithm =>
  typeof name === 'string' && Object.hasOwn(KINDS, name)

/** Whether a key of a set verifies signatures of this kind now. `exp` and `revoked` are written in the key itself by some issuers. */
export function verifies(key: JWK, algorithm: Algorithm, now: number): boolean {
  const { exp, revoked, use } = key as { exp?: unknown; revoked?: unknown; use?: unknown }
  if (use !== undefined && use !== 'sig') return false
  if (revoked !== undefined || !(exp === undefined || (typeof exp === 'number' && now < exp * 1000)))
    return false
  const kind: { readonly kty: string; readonly crv?: string } = KINDS[algorithm]
  if (key.kty !== kind.kty || (key.alg !== undefined && key.alg !== algorithm)) return false
  return kind.crv === undefined || key.crv === kind.crv
}
