import Type from 'typebox'

export const CARD_UPDATES = ['compatible', 'all', 'none'] as const
/**
 * Which changes of a card that was registered by its URL are applied by themselves: those that are `compatible` or
 * `cosmetic`, all of them, or none. The others wait for who may manage the agent.
 */
export type CardUpdates = (typeof CARD_UPDATES)[number]

/** The setting where it is set; `compatible` of an agent that has none. */
export const CardUpdatesOption = Type.Optional(
  Type.Enum([...CARD_UPDATES], {
    description: 'Which changes of the card at its URL are applied by themselves; others wait to be accepted',
  }),
)
