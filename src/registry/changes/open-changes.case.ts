import assert from 'node:assert/strict'
import { newUuid } from '../../a2a/ids.ts'
import { createCursors } from '../../access/page-cursor.ts'
import type { Call } from '../../access/principal.ts'
import { openMemory } from '../../storage/memory/open-memory.ts'
import { createHealth } from '../health/create-health.ts'
import type { Health } from '../health/health.ts'
import { type OpenRegistry, openRegistry } from '../open-registry.case.ts'
import type { ChangeStore } from './change-store.ts'
import type { ChangeQuery, Changes, ToldChange } from './changes.ts'
import { type ChangeWatch, createChanges } from './create-changes.ts'

/** The change feed of a registry on the memory backend, for tests of this room. */
export type OpenChanges = OpenRegistry & {
  readonly changes: Changes
  readonly store: ChangeStore
  readonly health: Health
  /** Everything a caller is told, page by page. */
  readonly told: (call: Call, query?: ChangeQuery) => Promise<readonly ToldChange[]>
}

/** How long its changes are kept. */
export const RETENTION_MS = 3_600_000

export async function openChanges(): Promise<OpenChanges> {
  const backend = await openMemory()
  const opened = await openRegistry({ wrap: () => backend.agents })
  const health = createHealth({
    store: backend.health,
    now: () => opened.clock.now,
    events: { agentHealthChanged() {} },
  })
  const changes = createChanges({
    store: backend.changes,
    agents: backend.agents,
    access: opened.access,
    cursors: createCursors(Buffer.alloc(32, 7)),
    now: () => opened.clock.now,
    newId: newUuid,
    retentionMs: RETENTION_MS,
    watch: () => watchOf(backend.hints),
  })
  const told = async (call: Call, query: ChangeQuery = {}) => {
    const all: ToldChange[] = []
    for (let after = query.after; ; ) {
      const page = await changes.read(call, { ...query, ...(after && { after }), limit: 3 })
      assert.ok(page.items.length <= 3)
      all.push(...page.items)
      if (!page.more) return all
      after = { cursor: page.cursor }
    }
  }
  return { ...opened, health, changes, store: backend.changes, told }
}

/** Hints of anything will do. */
function watchOf(hintsUntil: (signal: AbortSignal) => AsyncIterable<unknown>): ChangeWatch {
  const listening = new AbortController()
  const hints = hintsUntil(listening.signal)[Symbol.asyncIterator]()
  return {
    async changed(signal) {
      signal.throwIfAborted()
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
      await Promise.race([hints.next(), aborted])
    },
    [Symbol.dispose]: () => listening.abort(),
  }
}

/** What was told, in words. */
export const inWords = (told: readonly ToldChange[]): readonly string[] =>
  told.map(({ kind, slug }) => `${kind} ${slug}`)
