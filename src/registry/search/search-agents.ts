import { agentId } from '../../a2a/ids.ts'
import { isObject } from '../../a2a/json-object.ts'
import type { Access } from '../../access/access.ts'
import { assertScope } from '../../access/assert-scope.ts'
import { type Cursors, invalidCursor } from '../../access/page-cursor.ts'
import type { Call } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import type { Agent } from '../agent.ts'
import type { AgentFilter, AgentStore, ListingOrder, ListingPosition } from '../agent-store.ts'
import { resourceOf } from '../find-agent.ts'
import { HEALTH_STATES } from '../health/agent-health.ts'
import type { AgentQuery, Registry } from '../registry.ts'
import { countFacets } from './facets.ts'
import { limitConcurrency } from './limit-concurrency.ts'
import { type AgentListing, FACETS, termOf } from './listing.ts'
import { healthRankOf, isAsWell } from './listing-health.ts'
import { rankOf } from './rank.ts'
import { fold, wordsOf } from './words.ts'

/** Beyond this a total is a lower bound, facets count no more, and only so many agents are ranked. */
const MAX_JUDGED = 10_000
const MAX_LIMIT = 100
const MAX_QUERY_WORDS = 16
/** Few listings are held at once, few searches run at once, and as cards can be large, a page ends early. */
const LISTINGS_PER_READ = 2500
const AGENTS_PER_READ = 20
const MAX_SEARCHES = 4
const PAGE_CHARACTERS = 4 * 1024 * 1024

export type SearchDeps = {
  readonly agents: AgentStore
  readonly access: Access
  readonly now: () => number
  readonly cursors: Cursors
}

/** Where a page ended: in the order of its list, below the rank it had there. */
type Place = ListingPosition & { readonly rank: number }

export function createSearch({ agents, access, now, cursors }: SearchDeps): Registry['search'] {
  /** Listings of the query at `at` that the caller may discover, in `order`. */
  async function* visible(
    call: Call,
    query: AgentQuery,
    at: number,
    after?: ListingPosition,
  ): AsyncGenerator<AgentListing> {
    const filter = filterOf(call, query)
    const order = orderOf(query)
    const withTerms = (query.facets ?? []).some((facet) => facet !== 'health')
    for (let last = after; ; ) {
      call.signal.throwIfAborted()
      const page = { limit: LISTINGS_PER_READ, order, withTerms, ...(last && { after: last }) }
      const batch = await agents.search(filter, page)
      for (const listing of batch) {
        if (listing.lifecycle === 'disabled' && !asksForLifecycle(query)) continue
        if (!isAsWell(query, listing, at)) continue
        if (access.decide(call.principal, 'discover', resourceOf(listing)).allow) yield listing
      }
      last = batch.at(-1)
      if (batch.length < LISTINGS_PER_READ) return
    }
  }

  /** At most one more than is judged. */
  const allVisible = async (call: Call, query: AgentQuery, at: number): Promise<AgentListing[]> => {
    const found: AgentListing[] = []
    for await (const listing of visible(call, query, at)) {
      if (found.push(listing) > MAX_JUDGED) break
    }
    return found
  }

  /** The listings of a page in their order, and one more if there is one. */
  const pageFrom = async (
    call: Call,
    query: AgentQuery,
    at: number,
    all: readonly AgentListing[],
    after: Place | undefined,
  ): Promise<readonly AgentListing[]> => {
    const rank = rankingOf(query, at)
    if (rank !== undefined) {
      const ranked = all
        .slice(0, MAX_JUDGED)
        .map((listing) => ({ listing, place: placeOf(listing, rank) }))
        .filter(({ place }) => after === undefined || byRank(place, after) > 0)
        .sort((a, b) => byRank(a.place, b.place))
      return ranked.slice(0, query.limit + 1).map(({ listing }) => listing)
    }
    if (after === undefined) return all.slice(0, query.limit + 1)
    const page: AgentListing[] = []
    for await (const listing of visible(call, query, at, after)) {
      if (page.push(listing) > query.limit) break
    }
    return page
  }

  const search: Registry['search'] = async (call, query) => {
    assertScope(call.principal, 'agents:read')
    if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > MAX_LIMIT) {
      throw new ParleyError('invalid_params', `limit must be between 1 and ${MAX_LIMIT}`, {
        violations: [{ pointer: '/limit', code: 'range', message: `must be between 1 and ${MAX_LIMIT}` }],
      })
    }
    const binding = bindingOf(call, query)
    const after = query.cursor === undefined ? undefined : placeIn(cursors.decode(query.cursor, binding))
    const at = now()
    const all = await allVisible(call, query, at)
    const page = await pageFrom(call, query, at, all, after)
    const { items, read } = await readAgents(agents, page.slice(0, query.limit))
    const last = page[read - 1]
    return {
      items,
      total: Math.min(all.length, MAX_JUDGED),
      totalCapped: all.length > MAX_JUDGED,
      ...(query.facets?.length
        ? { facets: countFacets(all.slice(0, MAX_JUDGED), query.facets, at, query.facetValues) }
        : {}),
      ...(last !== undefined && read < page.length
        ? { nextCursor: cursors.encode(placeOf(last, rankingOf(query, at)), binding) }
        : {}),
    }
  }
  return limitConcurrency(search, MAX_SEARCHES)
}

type ReadAgents = {
  readonly items: readonly Agent[]
  /** How many of the listings were looked for. */
  readonly read: number
}

/** As many of the agents, from the first, as fit on a page; without those that were removed meanwhile. */
async function readAgents(agents: AgentStore, page: readonly AgentListing[]): Promise<ReadAgents> {
  const items: Agent[] = []
  let read = 0
  let characters = 0
  while (read < page.length && characters < PAGE_CHARACTERS) {
    const ids = page.slice(read, read + AGENTS_PER_READ).map(({ id }) => id)
    const found = new Map((await agents.findAll(ids)).map((agent) => [agent.id, agent]))
    for (const id of ids) {
      if (characters >= PAGE_CHARACTERS) break
      const agent = found.get(id)
      if (agent !== undefined) items.push(agent)
      characters += agent?.card.length ?? 0
      read++
    }
  }
  return { items, read }
}

const queryWords = ({ text = '' }: AgentQuery): readonly string[] => wordsOf(text, MAX_QUERY_WORDS)

/** Agents that nobody may call are found only by who asks for them. */
const asksForLifecycle = ({ filters }: AgentQuery): boolean => Boolean(filters?.lifecycle?.length)

/** What agents are ranked by here, the greatest first; `undefined` where they are in an order of the store. */
function rankingOf(query: AgentQuery, at: number): ((listing: AgentListing) => number) | undefined {
  // The store knows how agents were, and not which heartbeats are missing since.
  if (query.sort === 'health') return (listing) => healthRankOf(listing, at)
  const words = queryWords(query)
  const isRelevance = query.sort === 'relevance' || (query.sort === undefined && words.length > 0)
  return isRelevance ? (listing) => rankOf(listing, words) : undefined
}

const orderOf = (query: AgentQuery): ListingOrder =>
  query.sort === undefined || query.sort === 'relevance' ? 'id' : query.sort

const placeOf = (listing: AgentListing, rankOf: ((listing: AgentListing) => number) | undefined): Place => ({
  id: listing.id,
  nameKey: listing.nameKey,
  updatedAt: listing.updatedAt,
  health: listing.health,
  ...(listing.latencyMs === undefined ? {} : { latencyMs: listing.latencyMs }),
  rank: rankOf?.(listing) ?? 0,
})

/** Best first; of equals, by name. */
const byRank = (a: Place, b: Place): number =>
  b.rank - a.rank || compare(a.nameKey, b.nameKey) || compare(a.id, b.id)

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)

function filterOf({ principal }: Call, query: AgentQuery): AgentFilter {
  const words = queryWords(query)
  const terms = FACETS.flatMap((facet) => {
    const values = query.filters?.[facet]
    return values?.length ? [values.map((value) => termOf(facet, value))] : []
  })
  return {
    tenant: principal.tenant,
    ...(principal.agents === undefined ? {} : { ids: [...principal.agents] }),
    ...(query.names?.length ? { names: query.names.map(fold) } : {}),
    ...(terms.length > 0 ? { terms } : {}),
    ...(words.length > 0 ? { words } : {}),
    ...(query.updatedSince === undefined ? {} : { updatedSince: query.updatedSince }),
  }
}

/** A cursor leads on only for the principal, the filter and the order it was made for. */
function bindingOf({ principal }: Call, query: AgentQuery): unknown {
  const { tenant, subject, agents } = principal
  return [
    'agents',
    tenant,
    subject,
    agents === undefined ? 'all' : [...agents].sort(),
    query.onlyAlive === true,
    query.verified === true,
    [...(query.health ?? [])].sort(),
    query.text ?? '',
    query.sort ?? '',
    query.updatedSince ?? 0,
    [...(query.names ?? [])].sort(),
    FACETS.map((facet) => [...(query.filters?.[facet] ?? [])].sort()),
  ]
}

function placeIn(position: unknown): Place {
  if (isObject(position)) {
    const { id, nameKey, updatedAt, latencyMs, rank } = position
    const health = HEALTH_STATES.find((state) => state === position.health)
    if (
      typeof id === 'string' &&
      typeof nameKey === 'string' &&
      typeof updatedAt === 'number' &&
      health !== undefined &&
      typeof rank === 'number'
    ) {
      const latency = typeof latencyMs === 'number' ? { latencyMs } : {}
      return { id: agentId(id), nameKey, updatedAt, health, ...latency, rank }
    }
  }
  throw invalidCursor()
}
