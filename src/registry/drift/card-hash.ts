import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { ComparedCard } from '../compare-cards.ts'

/**
 * The same for cards that say the same, however they are written: publishers that sign a card whenever they serve it
 * never write it alike twice. Who vouches for it counts as something that it says.
 */
export function cardHash({ card, signatures }: ComparedCard): string {
  const { signatures: _, ...said } = card
  const keys = signatures.filter(({ status }) => status === 'verified').map(({ keyId = '' }) => keyId)
  return hash('sha256', canonicalize({ said, keys: keys.toSorted() }) ?? '', 'base64url')
}
