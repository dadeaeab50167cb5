import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agentId, contextId } from '../../a2a/ids.ts'
import type { TaskHead } from '../../tasks/task-head.ts'
import { commitAll } from './commit-all.ts'
import type { Cases } from './describe-backend.ts'
import { contextOf, firstCommit } from './sample-task.ts'

const withContext = (changes: Partial<TaskHead>) => {
  const commit = firstCommit(changes)
  return { ...commit, context: contextOf(commit.head) }
}

/** Pairs whose parts, joined carelessly, would make one key. */
const PAIRS: readonly (readonly [Partial<TaskHead>, Partial<TaskHead>])[] = [
  [{ owner: 'key:alice' }, { owner: 'key:bob' }],
  [{ tenant: 'one' }, { tenant: 'two' }],
  [
    { owner: 'a#e', agentId: agentId('z') },
    { owner: 'a', agentId: agentId('e#z') },
  ],
  [
    { tenant: 't', owner: 'a#b' },
    { tenant: 't#a', owner: 'b' },
  ],
  [
    { agentId: agentId('a'), contextId: contextId('b#c') },
    { agentId: agentId('a#b'), contextId: contextId('c') },
  ],
  [{ owner: 'key:alice' }, { owner: 'KEY:ALICE' }],
  [{ owner: '' }, { owner: 'null' }],
  [{ owner: 'key:%' }, { owner: 'key:_' }],
]

export const isolationCases: Cases = ({ open }) => {
  for (const pair of PAIRS) {
    const [left, right] = pair.map((half) => JSON.stringify(half))
    it(`shows nothing of ${left} to ${right}`, async (t) => {
      const backend = await open(t)
      const { tasks } = backend
      const [one, two] = pair.map(withContext)
      assert.ok(one !== undefined && two !== undefined)
      await commitAll(backend, [one, two])

      for (const { head, context } of [one, two]) {
        const { tenant, owner, agentId: agent } = head
        const filter = { tenant, owner, agentId: agent, contextId: head.contextId }
        assert.deepEqual(await tasks.listHeads(filter, 10), [head])
        assert.equal(await tasks.countHeads(filter, 10), 1)
        assert.deepEqual(await tasks.findContext(context), context)
        assert.deepEqual(await tasks.listContexts(filter, 10), [context])
        assert.equal(await tasks.countContexts(filter, 10), 1)
        assert.deepEqual(
          (await tasks.listContextEvents(filter, 10)).map(({ taskId }) => taskId),
          [head.id],
        )
      }
    })
  }

  it('gives two owners who choose one context id two contexts', async (t) => {
    const backend = await open(t)
    const { tasks } = backend
    const alice = firstCommit({ owner: 'key:alice' })
    const bob = firstCommit({ owner: 'key:bob' })
    await commitAll(backend, [
      { ...alice, context: contextOf(alice.head, { agentContextId: 'for-alice' }) },
      { ...bob, context: contextOf(bob.head) },
    ])

    assert.equal((await tasks.findContext(contextOf(alice.head)))?.agentContextId, 'for-alice')
    assert.equal((await tasks.findContext(contextOf(bob.head)))?.agentContextId, undefined)
  })
}
