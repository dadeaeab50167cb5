import { type AgentCard, agentCardCheck } from '../a2a/agent-card.ts'
import { isObject, type JsonObject } from '../a2a/json-object.ts'
import type { JsonText } from '../a2a/json-text.ts'
import { decodeCard, isLegacyCard, pointerIntoLegacy } from '../a2a/v0_3/agent-card.ts'
import { legacyCardViolations } from '../a2a/v0_3/card-schema.ts'
import type { Version } from '../a2a/version.ts'
import { MAX_JSON_DEPTH, parseJson } from '../a2a/wire.ts'
import { ParleyError, type Violation } from '../errors.ts'
import { normaliseCard } from './normalise-card.ts'
import { cardAdvice } from './rules/card-advice.ts'
import { cardRules, legacyCardRules } from './rules/card-rules.ts'
import type { CardSurroundings } from './rules/interface-rules.ts'
import { withSimilarNames } from './rules/similar-names.ts'
import { hasCanonicalForm } from './signatures/canonical-forms.ts'

export const MAX_CARD_BYTES = 1024 * 1024
const MAX_VIOLATIONS = 100
/** Names make pointers, and every problem has one. */
const MAX_NAME_LENGTH = 1024

/** A card in v1.0 form and everything wrong with it. `card` may be relied on only when nothing is. */
export type ValidatedCard = {
  readonly card: JsonText<AgentCard>
  /** The version it was written in; absent for what cannot be read as a card at all. */
  readonly version?: Version
  /** Pointers are into the card. */
  readonly violations: readonly Violation[]
  /** What is accepted and should be better. */
  readonly warnings: readonly Violation[]
}

/** Judges the exact text of a card, and reports all its problems at once. Never throws. */
export function validateCard(text: string, surroundings: CardSurroundings = {}): ValidatedCard {
  const refuse = (code: string, message: string): ValidatedCard => ({
    card: text,
    violations: [{ pointer: '', code, message }],
    warnings: [],
  })

  if (Buffer.byteLength(text) > MAX_CARD_BYTES) return refuse('too_large', 'must be at most 1 MiB')
  const parsed = parse(text)
  if ('problem' in parsed) return refuse('json', parsed.problem)
  const { value } = parsed
  if (!isObject(value)) return refuse('type', 'must be an object: an A2A Agent Card')
  if (hasLongName(value)) {
    return refuse('too_long', `must not have members with names of more than ${MAX_NAME_LENGTH} characters`)
  }
  if (!hasCanonicalForm(text)) {
    return refuse('not_canonical', 'must not hold half a surrogate pair, or a number that no double can hold')
  }
  const isLegacy = isLegacyCard(value)
  const { card, violations } = isLegacy
    ? judgeLegacy(text, value, surroundings)
    : judgeCurrent(text, surroundings)
  return {
    card,
    version: isLegacy ? '0.3' : '1.0',
    violations: withSimilarNames(value, violations).slice(0, MAX_VIOLATIONS),
    warnings: cardAdvice(value, isLegacy).slice(0, MAX_VIOLATIONS),
  }
}

const hasLongName = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).some(([name, member]) => name.length > MAX_NAME_LENGTH || hasLongName(member))

type Judged = Pick<ValidatedCard, 'card' | 'violations'>

function judgeCurrent(text: string, surroundings: CardSurroundings): Judged {
  const card: JsonText<AgentCard> = normaliseCard(text)
  const value: JsonObject = JSON.parse(card)
  return { card, violations: [...agentCardCheck.violations(value), ...cardRules(value, surroundings)] }
}

/** A card of 0.3 is judged as that, and what comes of it as one of 1.0; pointers are always into what was sent. */
function judgeLegacy(text: string, value: JsonObject, surroundings: CardSurroundings): Judged {
  const violations = [...legacyCardViolations(value), ...legacyCardRules(value, surroundings)]
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
    const isDeep = reason instanceof ParleyError && reason.code !== 'parse_error'
    return { problem: isDeep ? `must not nest deeper than ${MAX_JSON_DEPTH} levels` : 'must be valid JSON' }
  }
}
