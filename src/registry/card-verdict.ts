import Type, { type Static } from 'typebox'
import { linesOf } from '../a2a/json-line.ts'
import { VERSIONS } from '../a2a/version.ts'
import type { Violation } from '../errors.ts'
import { MAX_CARD_BYTES, type ValidatedCard } from './validate-card.ts'

const Finding = Type.Object({
  pointer: Type.String({ description: 'JSON pointer into the card' }),
  code: Type.String(),
  message: Type.String(),
  hint: Type.Optional(Type.String()),
  line: Type.Optional(Type.Integer({ description: 'Line of the text that was sent, from 1' })),
})

/** What `POST /agents/validate` and `parley validate` answer. */
export const CardVerdict = Type.Object({
  valid: Type.Boolean({ description: 'Whether there are no errors' }),
  version: Type.Optional(
    Type.Enum([...VERSIONS], { description: 'The version of A2A that the card is judged in' }),
  ),
  errors: Type.Array(Finding),
  warnings: Type.Array(Finding, { description: 'What is accepted and should be better' }),
})
export type CardVerdict = Static<typeof CardVerdict>

/** `text` is the card that was judged. Findings are in the order of their lines. */
export function cardVerdict(text: string, { version, violations, warnings }: ValidatedCard): CardVerdict {
  const isReadable = version !== undefined && text.length <= MAX_CARD_BYTES
  const findings = (found: readonly Violation[]) => {
    if (!isReadable) return [...found]
    const lines = linesOf(
      text,
      found.map(({ pointer }) => pointer),
    )
    return found
      .map((violation, index) => ({ ...violation, line: lines[index] ?? 1 }))
      .sort((a, b) => a.line - b.line)
  }
  return {
    valid: violations.length === 0,
    ...(version === undefined ? {} : { version }),
    errors: findings(violations),
    warnings: findings(warnings),
  }
}
