import type { AgentId } from '../../a2a/ids.ts'
import type { Access } from '../../access/access.ts'
import type { Call } from '../../access/principal.ts'
import type { AgentStore } from '../agent-store.ts'
import { resourceOf } from '../find-agent.ts'
import type { Audience, Change } from './change.ts'
import type { ChangePosition, ChangeStore, PlacedChange } from './change-store.ts'
import type { ToldChange } from './changes.ts'

export type TellDeps = {
  readonly agents: Pick<AgentStore, 'search'>
  readonly store: Pick<ChangeStore, 'findUnregistered' | 'isBefore'>
  readonly access: Access
}

/**
 * What a caller is told of changes of its tenant, each in its place; `undefined` in the place of what it is not told.
 * Of what went out of its sight it is told that it did, if it was reading by then: the feed ended at `began` when it
 * began.
 */
export type Tell = (
  call: Call,
  placed: readonly PlacedChange[],
  began: ChangePosition,
) => Promise<readonly (ToldChange | undefined)[]>

export function createTell(deps: TellDeps): Tell {
  /** Many follow the end of one feed: what all of them must know is looked up once. */
  const lookups = new Map<string, Promise<Audiences>>()

  const audiencesOf = (tenant: string, placed: readonly PlacedChange[]): Promise<Audiences> => {
    const key = JSON.stringify([tenant, placed[0]?.position, placed.at(-1)?.position])
    const known = lookups.get(key)
    if (known !== undefined) return known
    const lookup = findAudiences(deps, tenant, placed).finally(() => lookups.delete(key))
    lookups.set(key, lookup)
    return lookup
  }

  return async ({ principal }, placed, began) => {
    if (placed.length === 0) return []
    const { tenant } = principal
    const audiences = await audiencesOf(tenant, placed)
    const maySee = (id: AgentId, audience: Audience | undefined): boolean =>
      audience !== undefined &&
      deps.access.decide(principal, 'discover', resourceOf({ ...audience, id, tenant })).allow
    return placed.map(({ change, position }) => {
      if (maySee(change.agentId, audiences.get(change.agentId))) return toldAs(change)
      const sawBefore =
        change.kind === 'updated' &&
        !deps.store.isBefore(position, began) &&
        maySee(change.agentId, change.audience)
      return sawBefore ? outOfSight(change) : undefined
    })
  }
}

/** Who may discover each agent now or, of one that is gone, could when it went. */
type Audiences = ReadonlyMap<string, Audience>

async function findAudiences(
  { agents, store }: TellDeps,
  tenant: string,
  placed: readonly PlacedChange[],
): Promise<Audiences> {
  const ids = [...new Set(placed.map(({ change }) => change.agentId))]
  const present = await agents.search({ tenant, ids }, { limit: ids.length })
  const audiences = new Map<string, Audience>(present.map((listing) => [listing.id, listing]))
  // Asked for last: an agent that went meanwhile is then among those that are gone.
  const absent = ids.filter((id) => !audiences.has(id))
  if (absent.length === 0) return audiences
  for (const change of await store.findUnregistered(tenant, absent)) {
    if (change.kind === 'unregistered') audiences.set(change.agentId, change.audience)
  }
  return audiences
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
