import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** A key of an issuer, or of somebody who would like to be one. */
export type SigningKey = {
  readonly kid: string
  readonly alg: 'ES256' | 'RS256'
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** As a JWK set has it. */
  readonly jwk: Readonly<Record<string, unknown>>
}

export function newKey(kid: string, alg: SigningKey['alg'] = 'ES256', more: object = {}): SigningKey {
  const pair =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid, use: 'sig', ...more }
  return { kid, alg, ...pair, jwk }
}

/** A JSON value, or text that is to be taken as it is. */
type Said = object | string

const textOf = (said: Said): string => (typeof said === 'string' ? said : JSON.stringify(said))

export const part = (said: Said | Buffer): string =>
  Buffer.from(said instanceof Buffer ? said : textOf(said)).toString('base64url')

const signatureOf = (text: string, { alg, privateKey: key }: SigningKey): Buffer =>
  sign('sha256', Buffer.from(text), alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key)

/** A token of exactly these texts, signed. */
export function signed(header: Said, claims: Said | Buffer, key: SigningKey): string {
  const text = `${part(header)}.${part(claims)}`
  return `${text}.${signatureOf(text, key).toString('base64url')}`
}

/** The same with a symmetric signature. */
export function macked(header: Said, claims: Said, secret: string): string {
  const text = `${part(header)}.${part(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}
