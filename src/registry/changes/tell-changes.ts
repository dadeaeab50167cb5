import type { AgentId } from '../../a2a/ids.ts'
import type { Access } from '../../access/access.ts'
import type { Call } from '../../access/principal.ts'
import type { AgentStore } from '../agent-store.ts'
import { resourceOf } from '../find-agent.ts'
import type { Audience, Change } from './change.ts'
import type { ChangeStore, PlacedChange } from './change-store.ts'
import type { ToldChange } from './changes.ts'

export type TellDeps = {
  readonly agents: Pick<AgentStore, 'search'>
  readonly store: Pick<ChangeStore, 'findUnregistered'>
  readonly access: Access
}

/** What a caller is told of changes of its tenant, each in its place; `undefined` in the place of what it is not told. */
export async function tellChanges(
  { agents, store, access }: TellDeps,
  { principal }: Call,
  placed: readonly PlacedChange[],
): Promise<readonly (ToldChange | undefined)[]> {
  if (placed.length === 0) return []
  const { tenant } = principal
  const ids = [...new Set(placed.map(({ change }) => change.agentId))]
  // Agents first: one that goes meanwhile is then among those that are gone.
  const listings = await agents.search({ tenant, ids }, { limit: ids.length })
  const present = new Map<string, Audience>(listings.map((listing) => [listing.id, listing]))
  const absent = ids.filter((id) => !present.has(id))
  const removals = absent.length === 0 ? [] : await store.findUnregistered(tenant, absent)
  const gone = new Map(removals.flatMap((change) => ('audience' in change ? [[change.agentId, change]] : [])))

  const maySee = (id: AgentId, audience: Audience | undefined): boolean =>
    audience !== undefined &&
    access.decide(principal, 'discover', resourceOf({ ...audience, id, tenant })).allow

  return placed.map(({ change }) => {
    const { agentId: id } = change
    if (maySee(id, present.get(id) ?? gone.get(id)?.audience)) return toldAs(change)
    const sawBefore = change.kind === 'updated' && maySee(id, change.audience)
    return sawBefore ? outOfSight(change) : undefined
  })
}

/** Without what only we need to know. */
function toldAs(change: Change): ToldChange {
  const { id, agentId, slug, at } = change
  const told = { id, agentId, slug, at }
  switch (change.kind) {
    case 'registered':
    case 'unregistered':
      return { ...told, kind: change.kind }
    case 'updated': {
      const { kind, cardVersion, verdict } = change
      return { ...told, kind, ...(cardVersion && { cardVersion }), ...(verdict && { verdict }) }
    }
    case 'health': {
      const { kind, state, before, reason } = change
      return { ...told, kind, state, before, ...(reason && { reason }) }
    }
  }
}

/** Nobody can tell an agent that was hidden from one that is gone. */
const outOfSight = ({ id, agentId: agent, slug, at }: Change): ToldChange => ({
  id,
  agentId: agent,
  slug,
  at,
  kind: 'unregistered',
})
