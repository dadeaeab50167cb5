import type { AgentId } from '../a2a/ids.ts'
import type { Agent } from '../registry/agent.ts'
import type { AgentStore } from '../registry/agent-store.ts'

/** Agents followed from one; of more, nothing is said. */
const MAX_FOLLOWED = 200

/** An agent and all that it depends on, however far, by their ids. */
export type Dependencies = ReadonlyMap<AgentId, Agent>

/** `agent` is among them. Agents of other tenants, and those that are gone, are not. */
export async function loadDependencies(agents: AgentStore, agent: Agent): Promise<Dependencies> {
  const known = new Map([[agent.id, agent]])
  let next: readonly Agent[] = [agent]
  while (next.length > 0) {
    const ids = new Set(next.flatMap(({ dependsOn = [] }) => dependsOn))
    const unknown = [...ids].filter((id) => !known.has(id)).slice(0, MAX_FOLLOWED - known.size)
    const found = unknown.length === 0 ? [] : await agents.findAll(unknown)
    next = found.filter(({ tenant }) => tenant === agent.tenant)
    for (const one of next) known.set(one.id, one)
  }
  return known
}

/** All that depend on an agent, however far, itself not among them. */
export async function loadDependents(
  agents: AgentStore,
  tenant: string,
  id: AgentId,
): Promise<readonly Agent[]> {
  const known = new Map<AgentId, Agent>()
  let next: readonly AgentId[] = [id]
  while (next.length > 0 && known.size < MAX_FOLLOWED) {
    const terms = [next.map((one) => `dependency:${one}` as const)]
    const listings = await agents.search({ tenant, terms }, { limit: MAX_FOLLOWED })
    const unknown = listings
      .map((listing) => listing.id)
      .filter((other) => other !== id && !known.has(other))
      .slice(0, MAX_FOLLOWED - known.size)
    const found = unknown.length === 0 ? [] : await agents.findAll(unknown)
    for (const one of found) known.set(one.id, one)
    next = found.map((one) => one.id)
  }
  return [...known.values()]
}

/** Whether `from` depends on `to`, however far. */
export function dependsOn(known: Dependencies, from: AgentId, to: AgentId): boolean {
  const seen = new Set<AgentId>()
  let next: readonly AgentId[] = known.get(from)?.dependsOn ?? []
  while (next.length > 0) {
    if (next.includes(to)) return true
    for (const id of next) seen.add(id)
    next = [...new Set(next.flatMap((id) => known.get(id)?.dependsOn ?? []))].filter((id) => !seen.has(id))
  }
  return false
}
