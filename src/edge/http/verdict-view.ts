import Type from 'typebox'
import { CHANGE_KINDS } from '../../registry/compare-cards.ts'

export const VerdictView = Type.Enum([...CHANGE_KINDS], {
  description: 'What the change means to who relies on the agent',
})

/** Everything that one card changes of another, the gravest first. */
export const CardChangesView = Type.Array(
  Type.Object({
    kind: VerdictView,
    pointer: Type.String({ description: 'JSON pointer into the card in the form of A2A 1.0' }),
    message: Type.String(),
  }),
)
