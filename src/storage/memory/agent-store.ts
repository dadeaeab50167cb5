import type { Agent } from '../../registry/agent.ts'
import type {
  AgentCommit,
  AgentCommitResult,
  AgentStore,
  ListingOrder,
  ListingPosition,
} from '../../registry/agent-store.ts'
import { type CardVersion, cardVersionInfo, MAX_CARD_VERSIONS } from '../../registry/card-version.ts'
import { claimsOf, newClaimsOf } from '../../registry/claims.ts'
import type { CardProposal } from '../../registry/drift/card-proposal.ts'
import { HEALTH_ORDER, listedHealth } from '../../registry/health/listed-health.ts'
import { type IndexedAgent, indexedAgent } from '../../registry/search/listing.ts'
import { AGENT_WORK, type NewWork } from '../../work/work.ts'
import { matchesFilter } from '../matches-filter.ts'
import type { AuditRows } from './audit-store.ts'
import type { ChangeRows } from './change-store.ts'
import { compareText } from './compare-text.ts'
import type { CredentialRows } from './credential-store.ts'
import { frozenCopy } from './frozen-copy.ts'
import { type HealthRows, NO_HEALTH } from './health-store.ts'
import type { WorkRows } from './work-queue.ts'

type Stored = { readonly agent: Agent; readonly index: IndexedAgent; readonly claims: readonly string[] }

/** Who holds a slug or, once its agent is gone, for whom it is kept. */
type Holder = { readonly agentId: string; readonly owner: string }

const slugKey = (tenant: string, slug: string): string => JSON.stringify([tenant, slug])

export type MemoryAgentOptions = {
  readonly audit: AuditRows
  readonly changes: ChangeRows
  readonly credentials: CredentialRows
  readonly health: HealthRows
  readonly work: WorkRows
  /** Called when there is new work to lease. */
  readonly tell: () => void
}

export function createMemoryAgentStore(options: MemoryAgentOptions): AgentStore {
  const { audit: auditRows, changes: changeRows, credentials, health, work: workRows, tell } = options
  const agents = new Map<string, Stored>()
  const removedAgents = new Map<string, Agent>()
  const holders = new Map<string, Holder>()
  /** The newest first. */
  const versions = new Map<string, readonly CardVersion[]>()
  const proposals = new Map<string, CardProposal>()

  const findBySlug = (tenant: string, slug: string): Agent | undefined => {
    const holder = holders.get(slugKey(tenant, slug))
    const agent = holder === undefined ? undefined : agents.get(holder.agentId)?.agent
    return agent?.tenant === tenant && agent.slug === slug ? agent : undefined
  }

  function putWork(work: readonly NewWork[]): void {
    for (const one of work) workRows.put(one)
    if (work.length > 0) tell()
  }

  /** Those of an agent's new addresses that agents of other owners have. */
  function takenAddresses(agent: Agent, stored: Agent | undefined): readonly string[] {
    const claimed = newClaimsOf(agent, stored)
    if (claimed.length === 0) return []
    const { id, tenant, owner } = agent
    const others = [...agents.values()].filter(
      ({ agent: other }) => other.id !== id && other.tenant === tenant && other.owner !== owner,
    )
    const taken = new Set(others.flatMap(({ claims }) => claims))
    return claimed.filter((address) => taken.has(address))
  }

  function commit(value: AgentCommit): AgentCommitResult {
    const { agent, expectedVersion, removed, sharesAddresses } = value
    const { cardVersion, proposal, audit, changes, work = [] } = value
    const stored = agents.get(agent.id)?.agent
    if ((stored?.version ?? 0) !== expectedVersion) return { kind: 'conflict' }
    if (removed === true) {
      auditRows.append(audit)
      agents.delete(agent.id)
      removedAgents.set(agent.id, frozenCopy(agent))
      health.delete(agent.id)
      for (const kind of AGENT_WORK) workRows.delete({ kind, key: agent.id })
      changeRows.append(changes)
      proposals.delete(agent.id)
      putWork(work)
      return { kind: 'committed' }
    }
    const holder = holders.get(slugKey(agent.tenant, agent.slug))
    if (holder !== undefined && holder.agentId !== agent.id) {
      const isHeld = findBySlug(agent.tenant, agent.slug) !== undefined
      if (isHeld || holder.owner !== agent.owner) return { kind: 'slug_taken', owner: holder.owner }
    }
    const addresses = sharesAddresses === true ? [] : takenAddresses(agent, stored)
    if (addresses.length > 0) return { kind: 'address_taken', addresses }
    auditRows.append(audit)
    const beatAt = latest(agent.lastHeartbeatAt, stored?.lastHeartbeatAt)
    if (stored === undefined) {
      credentials.set(agent.id, new Map())
      health.set(agent.id, NO_HEALTH)
    }
    agents.set(agent.id, storedAs(frozenCopy({ ...agent, ...beatAt })))
    holders.set(slugKey(agent.tenant, agent.slug), { agentId: agent.id, owner: agent.owner })
    if (cardVersion !== undefined) {
      const kept = [frozenCopy(cardVersion), ...(versions.get(agent.id) ?? [])]
      versions.set(agent.id, kept.slice(0, MAX_CARD_VERSIONS))
    }
    changeRows.append(changes)
    if (proposal === 'none') proposals.delete(agent.id)
    else if (proposal !== undefined) proposals.set(agent.id, frozenCopy(proposal))
    putWork(work)
    return { kind: 'committed' }
  }

  return {
    async commit(value) {
      return commit(value)
    },
    async find(id) {
      return agents.get(id)?.agent
    },
    async findBySlug(tenant, slug) {
      return findBySlug(tenant, slug)
    },
    async findRemoved(id) {
      return removedAgents.get(id)
    },
    async findRemovedBySlug(tenant, slug) {
      return removedAgents.get(holders.get(slugKey(tenant, slug))?.agentId ?? '')
    },
    async forget(id) {
      if (removedAgents.has(id)) credentials.delete(id)
    },
    async findAll(ids) {
      return ids.flatMap((id) => agents.get(id)?.agent ?? [])
    },
    async search(filter, { limit, order = 'id', after, withTerms = false }) {
      return [...agents.values()]
        .filter(({ index }) => matchesFilter(filter, index))
        .map(({ index: { listing } }) => ({ ...listing, ...listedHealth(health.get(listing.id)?.health) }))
        .filter((listing) => after === undefined || compare(order, listing, after) > 0)
        .sort((a, b) => compare(order, a, b))
        .slice(0, limit)
        .map(({ terms, ...listing }) => (withTerms ? { ...listing, terms } : listing))
    },
    async listVersions(id) {
      return (versions.get(id) ?? []).map(cardVersionInfo)
    },
    async findVersion(id, number) {
      return versions.get(id)?.find((version) => version.number === number)
    },
    async findProposal(id) {
      return proposals.get(id)
    },
    async beat(id, at) {
      const stored = agents.get(id)
      if (stored === undefined) return false
      if (at > (stored.agent.lastHeartbeatAt ?? 0)) {
        agents.set(id, storedAs(Object.freeze({ ...stored.agent, lastHeartbeatAt: at })))
      }
      return true
    },
  }
}

/** The later of two heartbeats, if there are any. */
function latest(a = 0, b = 0): Pick<Agent, 'lastHeartbeatAt'> {
  const lastHeartbeatAt = Math.max(a, b)
  return lastHeartbeatAt === 0 ? {} : { lastHeartbeatAt }
}

const storedAs = (agent: Agent): Stored => ({
  agent,
  index: indexedAgent(agent),
  claims: claimsOf(agent),
})

function compare(order: ListingOrder, a: ListingPosition, b: ListingPosition): number {
  if (order === 'updated') return b.updatedAt - a.updatedAt || compareText(b.id, a.id)
  return ORDERS[order](a, b) || compareText(a.id, b.id)
}

const LONGEST = Number.MAX_VALUE
const ORDERS: Readonly<
  Record<Exclude<ListingOrder, 'updated'>, (a: ListingPosition, b: ListingPosition) => number>
> = {
  id: () => 0,
  name: (a, b) => compareText(a.nameKey, b.nameKey),
  health: (a, b) => HEALTH_ORDER.indexOf(a.health) - HEALTH_ORDER.indexOf(b.health),
  latency: (a, b) => (a.latencyMs ?? LONGEST) - (b.latencyMs ?? LONGEST),
}
