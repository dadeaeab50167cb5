import { type Agent, cardOf } from './agent.ts'
import { addressesOf, addressOf } from './interface-address.ts'
import { originOf } from './interface-origin.ts'
import { isLetIn } from './lifecycle.ts'

/** What decides which addresses an agent has, and whose. */
type Claimant = Pick<Agent, 'owner' | 'lifecycle' | 'card' | 'cardOrigin'>

/** The addresses that an agent has: those of its interfaces, once it was let in. */
export const claimsOf = (agent: Pick<Agent, 'lifecycle' | 'card'>): readonly string[] =>
  isLetIn(agent) ? addressesOf(cardOf(agent)) : []

/**
 * The addresses that are new to an agent, or to its owner, and that nothing shows to be theirs: its card did not come from
 * there. It may have them only while no other owner's agent does, or when an admin lets it. `before` is the agent as it is
 * stored.
 */
export function newClaimsOf(agent: Claimant, before: Claimant | undefined): readonly string[] {
  const isSame = before !== undefined && isLetIn(before) && before.card === agent.card
  if (isSame && before.owner === agent.owner) return []
  const had = new Set(before?.owner === agent.owner ? claimsOf(before) : [])
  const { cardOrigin } = agent
  const shown = new Set(
    cardOrigin === undefined
      ? []
      : cardOf(agent)
          .supportedInterfaces.filter((via) => originOf(via) === cardOrigin)
          .map(addressOf),
  )
  return claimsOf(agent).filter((address) => !had.has(address) && !shown.has(address))
}
