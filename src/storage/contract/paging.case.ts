import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agentId, contextId } from '../../a2a/ids.ts'
import type { ContextPosition, ListPosition } from '../../tasks/task-store.ts'
import { commitAll, commitOk } from './commit-all.ts'
import type { Cases } from './describe-backend.ts'
import { contextOf, firstCommit, nextCommit, statusEvent, T0 } from './sample-task.ts'

/** Reads a list to its end in pages. */
async function readAll<T, P>(
  page: (position: P | undefined) => Promise<readonly T[]>,
  place: (item: T) => P,
): Promise<readonly T[]> {
  const items: T[] = []
  for (;;) {
    const last = items.at(-1)
    const more = await page(last === undefined ? undefined : place(last))
    if (more.length === 0) return items
    items.push(...more)
  }
}

export const pagingCases: Cases = ({ open }) => {
  it('orders tasks by status time, then id, newest first, and pages through ties', async (t) => {
    const backend = await open(t)
    const { tasks } = backend
    const commits = Array.from({ length: 12 }, (_, index) => firstCommit({ at: T0 + Math.floor(index / 4) }))
    await commitAll(backend, commits)
    const expected = commits
      .map(({ head }) => head)
      .sort((a, b) => b.statusAt - a.statusAt || (a.id < b.id ? 1 : -1))

    for (const filter of [{}, { owner: 'key:alice' }, { owner: 'key:alice', agentId: agentId('agent-1') }]) {
      const all = await readAll(
        (position?: ListPosition) => tasks.listHeads({ tenant: 'default', ...filter }, 5, position),
        (head) => ({ at: head.statusAt, id: head.id }),
      )
      assert.deepEqual(all, expected)
    }
  })

  it('shows every task that did not change exactly once while others are written', async (t) => {
    const backend = await open(t)
    const { tasks } = backend
    const still = Array.from({ length: 9 }, (_, index) => firstCommit({ at: T0 + index * 2 }))
    const moving = Array.from({ length: 9 }, (_, index) => firstCommit({ at: T0 + index * 2 + 1 }))
    await commitAll(backend, [...still, ...moving])
    let writes = 0

    const all = await readAll(
      async (position?: ListPosition) => {
        const page = await tasks.listHeads({ tenant: 'default' }, 4, position)
        const moved = moving[writes++]
        if (moved !== undefined) {
          await commitOk(backend, nextCommit(moved.head, [statusEvent({ at: T0 + 100 + writes })]))
        }
        await commitOk(backend, firstCommit({ at: T0 + 200 + writes }))
        return page
      },
      (head) => ({ at: head.statusAt, id: head.id }),
    )

    const ids = all.map((head) => head.id)
    assert.equal(new Set(ids).size, ids.length)
    for (const { head } of still) assert.ok(ids.includes(head.id))
  })

  it('starts after a position that is no longer there', async (t) => {
    const backend = await open(t)
    const commits = [1, 2, 3].map((step) => firstCommit({ at: T0 + step }))
    await commitAll(backend, commits)
    const [oldest, middle] = commits
    assert.ok(oldest !== undefined && middle !== undefined)
    await backend.tasks.remove(middle.head.id, 1)

    const position = { at: middle.head.statusAt, id: middle.head.id }

    assert.deepEqual(await backend.tasks.listHeads({ tenant: 'default' }, 10, position), [oldest.head])
  })

  it('orders contexts by last change, then context id, then agent, and pages through ties', async (t) => {
    const backend = await open(t)
    const { tasks } = backend
    const texts = ['a', 'b', 'b\nc', 'z', '\uff5e', '😀']
    const commits = texts.flatMap((text) =>
      ['agent-1', 'agent-2'].map((agent) => {
        const commit = firstCommit({ contextId: contextId(text), agentId: agentId(agent) })
        return { ...commit, context: contextOf(commit.head) }
      }),
    )
    await commitAll(backend, commits)
    const expected = [...texts].reverse().flatMap((text) => [`${text} agent-2`, `${text} agent-1`])

    for (const filter of [{}, { owner: 'key:alice' }]) {
      const all = await readAll(
        (position?: ContextPosition) => tasks.listContexts({ tenant: 'default', ...filter }, 5, position),
        (record) => record,
      )
      assert.deepEqual(
        all.map((record) => `${record.contextId} ${record.agentId}`),
        expected,
      )
    }
  })

  it('pages through contexts of two owners that agree in everything else', async (t) => {
    const backend = await open(t)
    const commits = ['key:alice', 'key:bob'].map((owner) => {
      const commit = firstCommit({ owner })
      return { ...commit, context: contextOf(commit.head) }
    })
    await commitAll(backend, commits)

    const all = await readAll(
      (position?: ContextPosition) => backend.tasks.listContexts({ tenant: 'default' }, 1, position),
      (record) => record,
    )

    assert.deepEqual(
      all.map(({ owner }) => owner),
      ['key:bob', 'key:alice'],
    )
  })

  it('pages the history of a context through events of one instant', async (t) => {
    const backend = await open(t)
    const { tasks } = backend
    const commits = Array.from({ length: 7 }, () => firstCommit())
    await commitAll(backend, commits)
    const filter = { tenant: 'default', contextId: contextId('context-1') }

    const all = await readAll(
      (position?: ListPosition) => tasks.listContextEvents(filter, 3, position),
      (entry) => ({ at: entry.event.at, id: entry.taskId }),
    )

    assert.deepEqual(
      all.map((entry) => entry.taskId),
      commits.map(({ head }) => head.id).sort(),
    )
  })
}
