import type { AgentCardSignature } from '../../a2a/agent-card.ts'
import { textOf, withMembers } from '../../a2a/json-text.ts'
import type { Signer } from '../../access/service-identity/signer.ts'
import { hasCanonicalForm, signedForms } from './canonical-forms.ts'

export type SignCardOptions = {
  /** Where clients find our keys. */
  readonly keysUrl: string
  readonly isLegacy: boolean
}

/** The card with our signatures in place of any; with none if it has no canonical form. */
export function signCard(card: string, signer: Signer, { keysUrl, isLegacy }: SignCardOptions): string {
  const payloads = hasCanonicalForm(card) ? signedForms(card, isLegacy) : []
  const signatures = payloads.map((payload): AgentCardSignature => {
    const signed = signer.sign(payload, { jku: keysUrl })
    return { protected: signed.protected, signature: signed.signature }
  })
  return withMembers(card, { signatures: payloads.length === 0 ? undefined : textOf(signatures) })
}
