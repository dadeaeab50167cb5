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
 * stored. What the origin of one card shows, it does not show of the next: anybody can register a card from where it is.
 */
export function newClaimsOf(agent: Claimant, before: Claimant | undefined): readonly string[] {
  const isOwners = before !== undefined && before.owner === agent.owner
  const isSame = isOwners && before.card === agent.card && before.cardOrigin === agent.cardOrigin
  if (isSame && isLetIn(before)) return []
  const had = new Set(isOwners ? claimsOf(before) : [])
  for (const address of isOwners ? shownBy(before) : []) had.delete(address)
  const shown = shownBy(agent)
  return claimsOf(agent).filter((address) => !had.has(address) && !shown.has(address))
}

/** The addresses at the origin that an agent's card came from. */
function shownBy(agent: Claimant): ReadonlySet<string> {
  const { cardOrigin } = agent
  if (cardOrigin === undefined) return new Set()
  const there = cardOf(agent).supportedInterfaces.filter((via) => originOf(via) === cardOrigin)
  return new Set(there.flatMap((via) => addressOf(via) ?? []))
}
