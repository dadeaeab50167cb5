import type { Change } from '../../registry/changes/change.ts'
import type { ChangePosition, ChangeStore, PlacedChange } from '../../registry/changes/change-store.ts'
import type { HintFeed } from '../hint-feed.ts'
import { frozenCopy } from './frozen-copy.ts'

/** The change feed as other stores see it: what they append is part of their own commit. */
export type ChangeRows = { append(changes: readonly Change[] | undefined): void }

/** Changes of a tenant are numbered from 1; `pruned` is the number of the last that was removed. */
type Feed = { readonly changes: Change[]; pruned: number }

export function createMemoryChanges(feed: Pick<HintFeed, 'publish'>): {
  readonly store: ChangeStore
  readonly rows: ChangeRows
} {
  const feeds = new Map<string, Feed>()
  const feedOf = (tenant: string): Feed => feeds.get(tenant) ?? { changes: [], pruned: 0 }

  function append(changes: readonly Change[] = []): void {
    for (const change of changes) {
      const known = feedOf(change.tenant)
      known.changes.push(frozenCopy(change))
      feeds.set(change.tenant, known)
    }
    if (changes.length > 0) feed.publish([{ kind: 'changes' }])
  }

  const store: ChangeStore = {
    async list(tenant, limit, after) {
      const { changes, pruned } = feedOf(tenant)
      const number = after === undefined ? pruned : Number(after)
      if (number < pruned) return 'pruned'
      const start = number - pruned
      return changes
        .slice(start, start + limit)
        .map((change, index): PlacedChange => ({ change, position: positionOf(number + index + 1) }))
    },
    async end(tenant) {
      const { changes, pruned } = feedOf(tenant)
      return positionOf(pruned + changes.length)
    },
    isBefore: (position, end) => Number(position) <= Number(end),
    async findUnregistered(tenant, ids) {
      return feedOf(tenant).changes.filter(
        ({ kind, agentId }) => kind === 'unregistered' && ids.includes(agentId),
      )
    },
    async prune(before, limit) {
      let left = limit
      for (const known of feeds.values()) {
        const kept = known.changes.findIndex(({ at }) => at >= before)
        const old = known.changes.splice(0, Math.min(left, kept < 0 ? known.changes.length : kept))
        known.pruned += old.length
        left -= old.length
      }
      return limit - left
    },
  }
  return { store, rows: { append } }
}

/** As long for the first as for the last, so that what is made of one tells nothing by its length. */
const positionOf = (number: number): ChangePosition => String(number).padStart(16, '0')
