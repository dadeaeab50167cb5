import { type AgentCard, agentCardCheck } from '../a2a/agent-card.ts'
import type { JsonText } from '../a2a/json-text.ts'
import { parseJson } from '../a2a/wire.ts'
import { ParleyError, type Violation } from '../errors.ts'
import { cardRules } from './card-rules.ts'
import { isObject, type JsonObject } from './json-object.ts'
import { normaliseCard } from './normalise-card.ts'
import type { PublicAddresses } from './public-addresses.ts'

export const MAX_CARD_BYTES = 1024 * 1024
const MAX_VIOLATIONS = 100

/** A card in v1.0 form and everything wrong with it. `card` may be relied on only when nothing is. */
export type ValidatedCard = {
  readonly card: JsonText<AgentCard>
  /** Pointers are into the card. */
  readonly violations: readonly Violation[]
}

/**
 * Judges the exact text of a card, and reports all its problems at once. Never throws.
 *
 * `own`, if given, is where the gateway serves agents: an interface there would lead back to the gateway.
 */
export function validateCard(text: string, own?: PublicAddresses): ValidatedCard {
  const refuse = (code: string, message: string, hint?: string): ValidatedCard => ({
    card: text,
    violations: [{ pointer: '', code, message, ...(hint === undefined ? {} : { hint }) }],
  })

  if (Buffer.byteLength(text) > MAX_CARD_BYTES) return refuse('too_large', 'must be at most 1 MiB')
  const parsed = parse(text)
  if ('problem' in parsed) return refuse('json', parsed.problem)
  if (!isObject(parsed.value)) return refuse('type', 'must be an object: an A2A Agent Card')
  if (isLegacy(parsed.value)) {
    return refuse(
      'version_not_supported',
      'is an A2A 0.3 card; only A2A 1.0 cards can be registered for now',
      'Serve A2A 1.0 and replace "url" and "protocolVersion" with "supportedInterfaces"',
    )
  }
  const card: JsonText<AgentCard> = normaliseCard(text)
  const value: unknown = JSON.parse(card)
  const violations = [...agentCardCheck.violations(value), ...cardRules(parsed.value, own)]
  return { card, violations: violations.slice(0, MAX_VIOLATIONS) }
}

function parse(text: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: parseJson(text) }
  } catch (reason) {
    return { problem: reason instanceof ParleyError ? reason.message : 'is not valid JSON' }
  }
}

/** A 0.3 card says where it is and which version it speaks at its top level. */
const isLegacy = (card: JsonObject): boolean =>
  !('supportedInterfaces' in card) &&
  (typeof card.protocolVersion === 'string' || typeof card.url === 'string')
