import type { AgentFilter } from '../registry/agent-store.ts'
import type { IndexedAgent } from '../registry/search/listing.ts'

/** Whether an agent is found by a filter: how every backend answers, row by row. */
export function matchesFilter(filter: AgentFilter, { listing, names, terms, words }: IndexedAgent): boolean {
  return (
    listing.tenant === filter.tenant &&
    (filter.ids?.includes(listing.id) ?? true) &&
    (filter.names?.some((name) => names.includes(name)) ?? true) &&
    (filter.terms?.every((any) => any.some((term) => terms.includes(term))) ?? true) &&
    listing.updatedAt >= (filter.updatedSince ?? 0) &&
    (filter.words?.every((word) => words.some((known) => known.startsWith(word))) ?? true)
  )
}
