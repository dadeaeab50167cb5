import { type AgentListing, FACETS } from './listing.ts'
import { stateOf } from './listing-health.ts'

/** What can be counted: what agents are listed by, and how they are. */
export const COUNTED_FACETS = [...FACETS, 'health'] as const
export type CountedFacet = (typeof COUNTED_FACETS)[number]

/** A value, and how many of the agents found have it. */
export type FacetCount = { readonly value: string; readonly count: number }
export type FacetCounts = Readonly<Partial<Record<CountedFacet, readonly FacetCount[]>>>

/** Values shown of one facet, unless asked otherwise: the most frequent. */
const MAX_VALUES = 50

/** How often each value of the facets is found at `now`, the most frequent first. */
export function countFacets(
  listings: readonly AgentListing[],
  facets: readonly CountedFacet[],
  now: number,
  maxValues = MAX_VALUES,
): FacetCounts {
  const counts = new Map<string, number>()
  const count = (term: string) => counts.set(term, (counts.get(term) ?? 0) + 1)
  const withHealth = facets.includes('health')
  for (const listing of listings) {
    for (const term of listing.terms ?? []) count(term)
    if (withHealth) count(`health:${stateOf(listing, now)}`)
  }
  const all = [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
  return Object.fromEntries(
    facets.map((facet) => {
      const prefix = `${facet}:`
      const found = all.filter(([term]) => term.startsWith(prefix)).slice(0, maxValues)
      return [facet, found.map(([term, count]) => ({ value: term.slice(prefix.length), count }))]
    }),
  )
}
