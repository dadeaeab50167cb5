import { generateKeyPairSync } from 'node:crypto'
import { FlattenedSign, importJWK, type JWK } from 'jose'

/** A key of a publisher, both halves. */
export type SigningKey = { readonly algorithm: string; readonly privateKey: JWK; readonly publicKey: JWK }

export function newSigningKey(kid: string, algorithm = 'ES256'): SigningKey {
  const { privateKey, publicKey } = pairFor(algorithm)
  return {
    algorithm,
    privateKey: { ...privateKey.export({ format: 'jwk' }), kid } as JWK,
    publicKey: { ...publicKey.export({ format: 'jwk' }), kid } as JWK,
  }
}

function pairFor(algorithm: string) {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519')
  if (/^[RP]S/.test(algorithm)) return generateKeyPairSync('rsa', { modulusLength: 2048 })
  const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }
  return generateKeyPairSync('ec', { namedCurve: curves[algorithm] ?? '' })
}

/** The signature of exactly these bytes, as a card holds it. */
export async function signatureOf(
  payload: string,
  { privateKey, algorithm }: SigningKey,
  header: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly protected: string; readonly signature: string }> {
  const { protected: protectedHeader = '', signature } = await new FlattenedSign(Buffer.from(payload))
    .setProtectedHeader({ alg: algorithm, kid: privateKey.kid ?? '', typ: 'JOSE', ...header })
    .sign(await importJWK(privateKey, algorithm))
  return { protected: protectedHeader, signature }
}
