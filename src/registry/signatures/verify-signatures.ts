import type { JWK } from 'jose'
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { flattenedVerify } from 'jose/jws/flattened/verify'
import { importJWK } from 'jose/key/import'
import type { AgentCardSignature } from '../../a2a/agent-card.ts'
import { elementsOf, membersOf } from '../../a2a/json-text.ts'
import type { Violation } from '../../errors.ts'
import { type Canonical, type CanonicalForm, canonicalForms } from './canonical-forms.ts'
import { CARD_ALGORITHMS, type KeyClaim, type TrustedKeys } from './trusted-keys.ts'

/** What a publisher's signature turned out to be: made with a key we trust, or of a key we know nothing about. */
export type CardSignature = {
  readonly status: 'verified' | 'untrusted'
  readonly keyId?: string
  readonly algorithm?: string
  /** How the card was written when it was signed. */
  readonly form?: CanonicalForm
}

export type Verdict = {
  readonly signatures: readonly CardSignature[]
  /** A trusted key that did not sign this card is a reason to refuse it. */
  readonly violations: readonly Violation[]
}

/**
 * Verifies the signatures of a card in exactly the words of its publisher (A2A 1.0 §8.4.3).
 *
 * `card` holds a valid card.
 */
export async function verifySignatures(
  card: string,
  keys: TrustedKeys,
  signal: AbortSignal,
): Promise<Verdict> {
  const signatures = elementsOf(membersOf(card).get('signatures') ?? '[]')
  if (signatures.length === 0) return { signatures: [], violations: [] }
  const forms = canonicalForms(card)
  const judged = await Promise.all(
    signatures.map(async (text, index): Promise<CardSignature | Violation> => {
      const signature: AgentCardSignature = JSON.parse(text)
      const claim = claimOf(signature)
      if (claim === undefined) return { status: 'untrusted' }
      const shown = { keyId: claim.keyId, algorithm: claim.algorithm }
      const trusted = await keys.find(claim, signal)
      if (trusted.length === 0) return { status: 'untrusted', ...shown }
      const form = await formSigned(signature, claim.algorithm, trusted, forms)
      return form === undefined ? mismatch(index, claim.keyId) : { status: 'verified', ...shown, form }
    }),
  )
  return {
    signatures: judged.filter((result) => 'status' in result),
    violations: judged.filter((result) => 'pointer' in result),
  }
}

/** What the protected header says; nothing in the unprotected one counts. `undefined` for what is no such header. */
function claimOf({ protected: header }: AgentCardSignature): KeyClaim | undefined {
  try {
    const { alg, kid, jku } = decodeProtectedHeader({ protected: header })
    if (typeof alg !== 'string' || typeof kid !== 'string') return undefined
    return {
      keyId: kid.slice(0, 1024),
      algorithm: alg.slice(0, 32),
      ...(typeof jku === 'string' ? { keysUrl: jku } : {}),
    }
  } catch {
    // Whatever it is, it names no key.
    return undefined
  }
}

/** The form of the card that one of the keys signed. */
async function formSigned(
  signature: AgentCardSignature,
  algorithm: string,
  keys: readonly JWK[],
  forms: readonly Canonical[],
): Promise<CanonicalForm | undefined> {
  for (const key of keys) {
    for (const { form, text } of forms) {
      if (await isSignatureOf(text, signature, algorithm, key)) return form
    }
  }
  return undefined
}

async function isSignatureOf(
  payload: string,
  signature: AgentCardSignature,
  algorithm: string,
  key: JWK,
): Promise<boolean> {
  const jws = {
    protected: signature.protected,
    payload: Buffer.from(payload).toString('base64url'),
    signature: signature.signature,
  }
  try {
    const verified = await flattenedVerify(jws, await importJWK(key, algorithm), {
      algorithms: [...CARD_ALGORITHMS],
    })
    // Of a payload that is not encoded (RFC 7797) it would be the encoding that was signed.
    return verified.protectedHeader?.b64 !== false
  } catch {
    // Not this key, or not these bytes: both mean that it is no signature of them.
    return false
  }
}

const mismatch = (index: number, keyId: string): Violation => ({
  pointer: `/signatures/${index}`,
  code: 'signature',
  message: `does not match the card, though the key ${keyId} is trusted`,
  hint: 'Sign the card again after every change, or leave the signature out',
})
