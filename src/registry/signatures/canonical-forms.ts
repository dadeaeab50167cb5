import canonicalize from 'canonicalize'
import { isObject } from '../../a2a/json-object.ts'
import { withMembers } from '../../a2a/json-text.ts'
import { presentCard } from '../present-card.ts'

/**
 * How a card was written when it was signed:
 *
 * - `wire`: as it is served.
 * - `presence`: without members that are empty and not required, as A2A 1.0 §8.4.1 has it.
 * - `stripped`: without anything empty, and perhaps without what 1.0 does not know, as SDKs sign.
 * - `escaped`: the same with every character beyond ASCII escaped, as early Python SDKs sign.
 */
export const CANONICAL_FORMS = ['wire', 'presence', 'stripped', 'escaped'] as const
export type CanonicalForm = (typeof CANONICAL_FORMS)[number]

export type Canonical = { readonly form: CanonicalForm; readonly text: string }

/**
 * Everything a signature of a card may be of, most exact first and none twice. All follow RFC 8785, apart from what their
 * names say.
 *
 * `card` holds a JSON object that has a canonical form.
 */
export function canonicalForms(card: string): readonly Canonical[] {
  const unsigned = withMembers(card, { signatures: undefined })
  const whole: unknown = JSON.parse(unsigned)
  const present: unknown = JSON.parse(presentCard(unsigned, 'keep'))
  const known: unknown = JSON.parse(presentCard(unsigned, 'drop'))
  const stripped = [present, known, whole].map((value) => canonicalText(strip(value) ?? {}))
  const forms: readonly Canonical[] = [
    { form: 'wire', text: canonicalText(whole) },
    { form: 'presence', text: canonicalText(present) },
    ...stripped.map((text): Canonical => ({ form: 'stripped', text })),
    ...stripped.map((text): Canonical => ({ form: 'escaped', text: escapeBeyondAscii(text) })),
  ]
  const seen = new Set<string>()
  return forms.filter(({ text }) => !seen.has(text) && seen.add(text))
}

/**
 * What we sign of a card of ours: the whole of it and, where that differs, what readers make of it before they verify:
 * they keep only what 1.0 knows, and SDKs drop from that what is empty. A signature each satisfies them all.
 */
export function signedForms(card: string, isLegacy: boolean): readonly string[] {
  const whole = withMembers(card, { signatures: undefined })
  const known: unknown = JSON.parse(isLegacy ? whole : presentCard(whole, 'drop'))
  return [...new Set([JSON.parse(whole), known, strip(known) ?? {}].map(canonicalText))]
}

/** Whether RFC 8785 can write the JSON in `text`: half a surrogate pair and a number beyond all doubles it cannot. */
export const hasCanonicalForm = (text: string): boolean => isCanonical(JSON.parse(text))

function isCanonical(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value === 'number') return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isCanonical)
  if (!isObject(value)) return true
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && isCanonical(member))
}

function canonicalText(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('JSON has a canonical form')
  return text
}

/** The value without `null`, empty text, empty lists and empty objects, and without what that leaves empty. */
function strip(value: unknown): unknown {
  if (value === null || value === '') return undefined
  if (Array.isArray(value)) {
    const kept = value.map(strip).filter((item) => item !== undefined)
    return kept.length === 0 ? undefined : kept
  }
  if (!isObject(value)) return value
  const kept = Object.entries(value)
    .map(([name, member]) => [name, strip(member)] as const)
    .filter(([, member]) => member !== undefined)
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

const escapeBeyondAscii = (text: string): string =>
  text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
