import type { AgentListing, Facet } from './listing.ts'

/** A value, and how many of the agents found have it. */
export type FacetCount = { readonly value: string; readonly count: number }
export type FacetCounts = Readonly<Partial<Record<Facet, readonly FacetCount[]>>>

/** Values shown of one facet, unless asked otherwise: the most frequent. */
const MAX_VALUES = 50

/** How often each value of the facets is found, the most frequent first. */
export function countFacets(
  listings: readonly AgentListing[],
  facets: readonly Facet[],
  maxValues = MAX_VALUES,
): FacetCounts {
  const counts = new Map<string, number>()
  for (const { terms = [] } of listings) {
    for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
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
