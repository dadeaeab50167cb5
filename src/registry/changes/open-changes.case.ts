import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { newUuid } from '../../a2a/ids.ts'
import { createCursors } from '../../access/page-cursor.ts'
import type { Call } from '../../access/principal.ts'
import { openMemory } from '../../storage/memory/open-memory.ts'
import { createNews } from '../../tasks/news.ts'
import { type OpenRegistry, openRegistry } from '../open-registry.case.ts'
import type { ChangeStore } from './change-store.ts'
import type { ChangeQuery, Changes, ToldChange } from './changes.ts'
import { createChanges } from './create-changes.ts'

/** The change feed of a registry on the memory backend, for tests of this room. */
export type OpenChanges = OpenRegistry & {
  readonly changes: Changes
  readonly store: ChangeStore
  /** Everything a caller is told, page by page. */
  readonly told: (call: Call, query?: ChangeQuery) => Promise<readonly ToldChange[]>
}

export async function openChanges(t: TestContext): Promise<OpenChanges> {
  const backend = await openMemory()
  const opened = await openRegistry({ wrap: () => backend.agents })
  const news = createNews(backend.hints(t.signal), t.signal)
  const changes = createChanges({
    store: backend.changes,
    agents: backend.agents,
    access: opened.access,
    cursors: createCursors(Buffer.alloc(32, 7)),
    newId: newUuid,
    watch: news.watchChanges,
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
  return { ...opened, changes, store: backend.changes, told }
}

/** What was told, in words. */
export const inWords = (told: readonly ToldChange[]): readonly string[] =>
  told.map(({ kind, slug }) => `${kind} ${slug}`)
