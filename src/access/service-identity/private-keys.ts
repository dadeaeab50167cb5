import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import { ParleyError } from '../../errors.ts'
import type { Vault } from '../vault.ts'
import type { PublicKey, SigningKey, SigningUse } from './signing-key-store.ts'

/** A fresh P-256 key, sealed for its use. */
export const newSigningKey = (vault: Vault, use: SigningUse, signsFrom: number): Promise<SigningKey> =>
  sealed(vault, use, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, signsFrom)

/** A key that was kept elsewhere. Rejects with `invalid_params` unless it is a private P-256 key as a JWK. */
export async function adoptedKey(
  vault: Vault,
  use: SigningUse,
  jwk: JsonWebKey,
  signsFrom: number,
): Promise<SigningKey> {
  return sealed(vault, use, privateKeyIn(jwk), signsFrom)
}

/** The private half. Rejects with `internal` when the vault does not open it, or it is not that of this key. */
export async function openPrivateKey(vault: Vault, use: SigningUse, key: SigningKey): Promise<KeyObject> {
  const der = Buffer.from(await vault.open(contextOf(use, key.id), key.sealed))
  const opened = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  if (keyIdOf(publicHalf(opened)) === key.id) return opened
  throw new ParleyError('internal', `The stored signing key ${key.id} is another key`)
}

/** The same key, sealed with the vault's first master key. */
export async function resealed(vault: Vault, use: SigningUse, key: SigningKey): Promise<SigningKey> {
  const context = contextOf(use, key.id)
  return { ...key, sealed: await vault.seal(context, await vault.open(context, key.sealed)) }
}

async function sealed(
  vault: Vault,
  use: SigningUse,
  privateKey: KeyObject,
  signsFrom: number,
): Promise<SigningKey> {
  const publicKey = publicHalf(privateKey)
  const id = keyIdOf(publicKey)
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  return { id, publicKey, sealed: await vault.seal(contextOf(use, id), der), signsFrom }
}

const contextOf = (use: SigningUse, id: string): string => `signing-key/${use}/${id}`

/** RFC 7638. */
const keyIdOf = ({ crv, kty, x, y }: PublicKey): string =>
  hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url')

function privateKeyIn(jwk: JsonWebKey): KeyObject {
  try {
    return createPrivateKey({ key: jwk, format: 'jwk' })
  } catch (cause) {
    throw notOurs(cause)
  }
}

function publicHalf(key: KeyObject): PublicKey {
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' })
  if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined) throw notOurs()
  return { kty, crv, x, y }
}

const notOurs = (cause?: unknown): ParleyError =>
  new ParleyError('invalid_params', 'A signing key must be a private P-256 key', { cause })
