import { isObject } from '../a2a/json-object.ts'
import { isLegacyCard, pointerIntoLegacy } from '../a2a/v0_3/agent-card.ts'
import { type Call, hasScope } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import { type Agent, cardOf } from './agent.ts'
import type { AgentCommit, AgentCommitResult, AgentStore } from './agent-store.ts'
import { newClaimsOf } from './claims.ts'
import { isBelow } from './http-url.ts'
import { addressOf } from './interface-address.ts'
import type { PublicAddresses } from './public-addresses.ts'

export type CommitDeps = {
  readonly agents: AgentStore
  readonly addresses: () => PublicAddresses
}

/** Where in what the caller sent an agent's addresses are, or what else makes them its own. */
export type PointersTo = (addresses: readonly string[]) => readonly string[]

/**
 * Commits what a caller does to an agent. Throws `conflict` when the agent would get an address that an agent of
 * another owner has, or Parley itself, without anything that shows it to be the owner's; an admin may do that.
 */
export async function commitAgent(
  deps: CommitDeps,
  { principal }: Call,
  commit: AgentCommit,
  before: Agent | undefined,
  pointersTo: PointersTo,
): Promise<Exclude<AgentCommitResult, { readonly kind: 'address_taken' }>> {
  const sharesAddresses = hasScope(principal, 'admin')
  const result = await commitClaims(deps, sharesAddresses ? { ...commit, sharesAddresses } : commit, before)
  if (result.kind === 'address_taken') throw addressTaken(pointersTo(result.addresses))
  return result
}

/** As `AgentStore.commit`, and what Parley itself has is taken too. `before` is the agent as it is stored. */
export async function commitClaims(
  { agents, addresses }: CommitDeps,
  commit: AgentCommit,
  before: Agent | undefined,
): Promise<AgentCommitResult> {
  const claimed = commit.sharesAddresses === true ? [] : newClaimsOf(commit.agent, before)
  const own = ownAmong(claimed, addresses())
  return own.length > 0 ? { kind: 'address_taken', addresses: own } : agents.commit(commit)
}

/** Where the gateway itself answers; what leads to its agents is refused with their cards. */
function ownAmong(claimed: readonly string[], { http, grpc }: PublicAddresses): readonly string[] {
  const listeners = new Set(grpc.map(({ url }) => addressOf({ url, protocolBinding: 'GRPC' })))
  return claimed.filter((address) => listeners.has(address) || isBelow(address, http))
}

/** The same whoever has the address, and whether or not the caller sees that agent. */
const addressTaken = (pointers: readonly string[]): ParleyError =>
  new ParleyError('conflict', 'An interface of the agent has an address that is taken by another', {
    violations: pointers.map((pointer) => ({
      pointer,
      code: 'address_taken',
      message: 'has an address that is taken by another',
      hint: 'Serve the card from there and register it by "cardUrl", or register it as "lifecycle": "pending" and an admin decides',
    })),
  })

/** Where those addresses stand in the card that the publisher sent. `prefix` is where the card is. */
export function pointersIntoCard(
  { card, originalCard }: Pick<Agent, 'card' | 'originalCard'>,
  prefix = '',
): PointersTo {
  return (addresses) => {
    const original: unknown = JSON.parse(originalCard)
    const pointers = cardOf({ card }).supportedInterfaces.flatMap((via, index) => {
      if (!addresses.includes(addressOf(via) ?? '')) return []
      const pointer = `/supportedInterfaces/${index}/url`
      return isObject(original) && isLegacyCard(original) ? pointerIntoLegacy(original, pointer) : pointer
    })
    return [...new Set(pointers)].map((pointer) => `${prefix}${pointer}`)
  }
}
