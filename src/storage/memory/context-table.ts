import type { ContextFilter, ContextKey, ContextRecord, ListPosition } from '../../tasks/task-store.ts'
import { contextPlace } from '../context-position.ts'
import { compareText } from './compare-text.ts'

export interface ContextTable {
  /** Inserts, or merges into what is stored. */
  merge(record: ContextRecord): void
  find(key: ContextKey): ContextRecord | undefined
  list(filter: ContextFilter, limit: number, position?: ListPosition): readonly ContextRecord[]
  count(filter: ContextFilter, cap: number): number
}

const contextKey = (key: ContextKey): string =>
  JSON.stringify([key.tenant, key.owner, key.agentId, key.contextId])

export function createContextTable(): ContextTable {
  const contexts = new Map<string, ContextRecord>()
  const select = (filter: ContextFilter) => [...contexts.values()].filter((record) => matches(filter, record))
  return {
    merge(record) {
      const stored = contexts.get(contextKey(record))
      const agentContextId = stored?.agentContextId ?? record.agentContextId
      const { tenant, owner, agentId, contextId } = record
      const merged: ContextRecord = {
        tenant,
        owner,
        agentId,
        contextId,
        createdAt: stored?.createdAt ?? record.createdAt,
        lastAt: Math.max(stored?.lastAt ?? 0, record.lastAt),
        ...(agentContextId === undefined ? {} : { agentContextId }),
      }
      contexts.set(contextKey(record), Object.freeze(merged))
    },
    find: (key) => contexts.get(contextKey(key)),
    list(filter, limit, position) {
      const place = position === undefined ? undefined : contextPlace(position)
      return select(filter)
        .filter((record) => place === undefined || newestFirst(record, { ...place, lastAt: place.at }) > 0)
        .sort(newestFirst)
        .slice(0, limit)
    },
    count: (filter, cap) => Math.min(cap, select(filter).length),
  }
}

type Ordered = { readonly lastAt: number; readonly contextId: string; readonly agentId: string }

const newestFirst = (a: Ordered, b: Ordered): number =>
  b.lastAt - a.lastAt || compareText(b.contextId, a.contextId) || compareText(b.agentId, a.agentId)

const matches = (filter: ContextFilter, record: ContextKey): boolean =>
  record.tenant === filter.tenant &&
  (filter.owner === undefined || record.owner === filter.owner) &&
  (filter.agentId === undefined || record.agentId === filter.agentId) &&
  (filter.contextId === undefined || record.contextId === filter.contextId)
