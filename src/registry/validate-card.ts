import { type AgentCard, agentCardCheck } from '../a2a/agent-card.ts'
import { isObject, type JsonObject } from '../a2a/json-object.ts'
import type { JsonText } from '../a2a/json-text.ts'
import { decodeCard, isLegacyCard, pointerIntoLegacy } from '../a2a/v0_3/agent-card.ts'
import { legacyCardViolations } from '../a2a/v0_3/card-schema.ts'
import { parseJson } from '../a2a/wire.ts'
import { ParleyError, type Violation } from '../errors.ts'
import { normaliseCard } from './normalise-card.ts'
import type { PublicAddresses } from './public-addresses.ts'
import { cardRules, legacyCardRules } from './rules/card-rules.ts'
import { hasCanonicalForm } from './signatures/canonical-forms.ts'

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
  if (!hasCanonicalForm(text)) {
    return refuse('not_canonical', 'must not hold half a surrogate pair, or a number that no double can hold')
  }
  const judged = isLegacyCard(parsed.value)
    ? judgeLegacy(text, parsed.value, own)
    : judgeCurrent(text, parsed.value, own)
  return { ...judged, violations: judged.violations.slice(0, MAX_VIOLATIONS) }
}

function judgeCurrent(text: string, value: JsonObject, own: PublicAddresses | undefined): ValidatedCard {
  const card: JsonText<AgentCard> = normaliseCard(text)
  return { card, violations: [...agentCardCheck.violations(JSON.parse(card)), ...cardRules(value, own)] }
}

/** A card of 0.3 is judged as that, and what comes of it as one of 1.0; pointers are always into what was sent. */
function judgeLegacy(text: string, value: JsonObject, own: PublicAddresses | undefined): ValidatedCard {
  const violations = [...legacyCardViolations(value), ...legacyCardRules(value, own)]
  if (violations.length > 0) return { card: text, violations }
  try {
    const card = decodeCard(text)
    const found = agentCardCheck.violations(JSON.parse(card))
    return {
      card,
      violations: found.map((each) => ({ ...each, pointer: pointerIntoLegacy(value, each.pointer) })),
    }
  } catch (reason) {
    if (reason instanceof ParleyError) return { card: text, violations: reason.violations }
    throw reason
  }
}

function parse(text: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: parseJson(text) }
  } catch (reason) {
    return { problem: reason instanceof ParleyError ? reason.message : 'is not valid JSON' }
  }
}
