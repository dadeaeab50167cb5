import type { JWK } from 'jose'
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { FlattenedSign } from 'jose/jws/flattened/sign'
import { importJWK } from 'jose/key/import'
import type { AgentCardSignature } from '../../a2a/agent-card.ts'
import { textOf, withMembers } from '../../a2a/json-text.ts'
import { ParleyError } from '../../errors.ts'
import { hasCanonicalForm, signedForms } from './canonical-forms.ts'

/** Signs the cards we publish, with a key that is used for nothing else. */
export interface CardSigner {
  /** RFC 7638 thumbprint of the key. */
  readonly keyId: string
  /** The public half, as a JWK set. */
  readonly keys: string
  /** The card with our signatures in place of any; with none if it has no canonical form. `keysUrl` is where clients find `keys`. */
  sign(card: string, options: { readonly keysUrl: string; readonly isLegacy: boolean }): Promise<string>
}

const ALGORITHM = 'ES256'

/** `privateKey` is a P-256 key as a JWK. Rejects with `invalid_params` when it is none. */
export async function createCardSigner(privateKey: JWK): Promise<CardSigner> {
  const { kty, crv, x, y } = privateKey
  const key = await importJWK(privateKey, ALGORITHM).catch((cause: unknown) => {
    throw new ParleyError('invalid_params', 'The key that signs cards must be a private P-256 key', { cause })
  })
  const publicKey = { kty, crv, x, y } as JWK
  const keyId = await calculateJwkThumbprint(publicKey)

  const signatureOf = async (payload: string, keysUrl: string): Promise<AgentCardSignature> => {
    const header = { alg: ALGORITHM, kid: keyId, typ: 'JOSE', jku: keysUrl }
    const signed = await new FlattenedSign(Buffer.from(payload)).setProtectedHeader(header).sign(key)
    return { protected: signed.protected ?? '', signature: signed.signature }
  }

  return {
    keyId,
    keys: textOf({ keys: [{ ...publicKey, kid: keyId, use: 'sig', alg: ALGORITHM }] }),
    async sign(card, { keysUrl, isLegacy }) {
      const payloads = hasCanonicalForm(card) ? signedForms(card, isLegacy) : []
      const signatures = await Promise.all(payloads.map((payload) => signatureOf(payload, keysUrl)))
      return withMembers(card, { signatures: payloads.length === 0 ? undefined : textOf(signatures) })
    },
  }
}
