import type { AgentId } from '../../a2a/ids.ts'
import type { ContextFilter, ContextKey, ContextPosition, ContextRecord } from '../../tasks/task-store.ts'
import { compareText } from './compare-text.ts'

export interface ContextTable {
  /** Inserts, or merges into what is stored. */
  merge(record: ContextRecord): void
  /** Deletes a context in which nothing was said after `at`. */
  deleteUnlessLater(key: ContextKey, at: number): void
  find(key: ContextKey): ContextRecord | undefined
  list(filter: ContextFilter, limit: number, position?: ContextPosition): readonly ContextRecord[]
  count(filter: ContextFilter, cap: number): number
  agents(owner: Pick<ContextKey, 'tenant' | 'owner'>): readonly AgentId[]
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
    deleteUnlessLater(key, at) {
      if ((contexts.get(contextKey(key))?.lastAt ?? 0) <= at) contexts.delete(contextKey(key))
    },
    find: (key) => contexts.get(contextKey(key)),
    list(filter, limit, position) {
      return select(filter)
        .filter((record) => position === undefined || newestFirst(record, position) > 0)
        .sort(newestFirst)
        .slice(0, limit)
    },
    agents: (owner) => [...new Set(select(owner).map(({ agentId }) => agentId))].sort(compareText),
    count: (filter, cap) => Math.min(cap, select(filter).length),
  }
}

const newestFirst = (a: ContextPosition, b: ContextPosition): number =>
  b.lastAt - a.lastAt ||
  compareText(b.contextId, a.contextId) ||
  compareText(b.agentId, a.agentId) ||
  compareText(b.owner, a.owner)

const matches = (filter: ContextFilter, record: ContextKey): boolean =>
  record.tenant === filter.tenant &&
  (filter.owner === undefined || record.owner === filter.owner) &&
  isOfAgents(filter, record) &&
  (filter.contextId === undefined || record.contextId === filter.contextId)

/** The part of a filter that tasks and contexts have in common. */
export const isOfAgents = (
  filter: Pick<ContextFilter, 'agentId' | 'agentIds'>,
  { agentId }: Pick<ContextKey, 'agentId'>,
): boolean =>
  (filter.agentId === undefined || agentId === filter.agentId) &&
  (filter.agentIds === undefined || filter.agentIds.includes(agentId))
