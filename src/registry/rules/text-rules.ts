import { pointerTo } from '../../a2a/wire.ts'
import type { Violation } from '../../errors.ts'

/** Controls, and characters of format: bidirectional, zero-width, tags; then separators of lines and paragraphs. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** Running text may have lines, and the joiners without which emoji and some scripts are not written right. */
const ALLOWED_IN_TEXT =
  /[\t\n\r]|(?<=\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]*)\u200d(?=\p{Extended_Pictographic})|(?<=[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Mongolian}])[\u200c\u200d]/gu

/** Names are shown beside other agents' names: they must be visible and must not change how others are shown. */
export function* nameRules(pointer: string, text: unknown): Generator<Violation> {
  if (!isFilled(text)) return
  if (text.trim() === '') yield { pointer, code: 'blank', message: 'must not be blank' }
  yield* invisible(pointer, text)
}

/**
 * Every text anywhere in a card: what it shows to people must be what a model reads. Those at `names` are judged by
 * `nameRules` instead.
 */
export function* textRules(card: unknown, names: ReadonlySet<string>): Generator<Violation> {
  const open: { readonly pointer: string; readonly value: unknown }[] = [{ pointer: '', value: card }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { pointer, value } = next
    if (typeof value === 'string') {
      if (!names.has(pointer)) yield* invisible(pointer, value.replace(ALLOWED_IN_TEXT, ''))
    } else if (typeof value === 'object' && value !== null) {
      const members: readonly [string, unknown][] = Object.entries(value)
      for (const [name, member] of members.toReversed()) {
        open.push({ pointer: `${pointer}${pointerTo(name)}`, value: member })
      }
    }
  }
}

function* invisible(pointer: string, text: string): Generator<Violation> {
  const found = INVISIBLE.exec(text)?.[0].codePointAt(0)
  if (found === undefined) return
  const name = `U+${found.toString(16).toUpperCase().padStart(4, '0')}`
  yield { pointer, code: 'unsafe_character', message: `must not contain the invisible character ${name}` }
}

export const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== ''
