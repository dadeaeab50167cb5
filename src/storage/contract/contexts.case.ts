import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agentId, contextId, newUuid } from '../../a2a/ids.ts'
import { commitAll, commitOk } from './commit-all.ts'
import type { Cases } from './describe-backend.ts'
import { artifactEvent, contextOf, firstCommit, nextCommit, statusEvent, T0 } from './sample-task.ts'

const contextCommit = (changes: Parameters<typeof firstCommit>[0] = {}) => {
  const commit = firstCommit(changes)
  return { ...commit, context: contextOf(commit.head) }
}

export const contextCases: Cases = ({ open }) => {
  it('keeps when a context began, when it last changed and the id the agent gave it', async (t) => {
    const backend = await open(t)
    const first = contextCommit()
    const key = first.context
    await commitOk(backend, first)
    assert.deepEqual(await backend.tasks.findContext(key), first.context)
    const merged = async (changes: object) => {
      const commit = firstCommit({ at: T0 + 1, createdAt: T0 + 1 })
      await commitOk(backend, { ...commit, context: contextOf(commit.head, changes) })
      return backend.tasks.findContext(key)
    }

    assert.deepEqual(await merged({ lastAt: T0 + 50, agentContextId: 'theirs' }), {
      ...key,
      createdAt: T0,
      lastAt: T0 + 50,
      agentContextId: 'theirs',
    })
    const after = await merged({ lastAt: T0 + 20, agentContextId: 'another' })
    assert.deepEqual([after?.lastAt, after?.agentContextId], [T0 + 50, 'theirs'])
    assert.equal((await merged({ lastAt: T0 + 70 }))?.agentContextId, 'theirs')
  })

  it('finds a context by all four parts of its key', async (t) => {
    const backend = await open(t)
    const { tasks } = backend
    const commit = contextCommit()
    await commitOk(backend, commit)
    const key = commit.context

    assert.equal(await tasks.findContext({ ...key, tenant: 'other' }), undefined)
    assert.equal(await tasks.findContext({ ...key, owner: 'key:bob' }), undefined)
    assert.equal(await tasks.findContext({ ...key, agentId: agentId('agent-2') }), undefined)
    assert.equal(await tasks.findContext({ ...key, contextId: contextId('context-2') }), undefined)
  })

  it('lists and counts contexts by every filter, newest first', async (t) => {
    const backend = await open(t)
    await commitAll(backend, [
      contextCommit({ at: T0 + 1, contextId: contextId('a') }),
      contextCommit({ at: T0 + 2, contextId: contextId('b'), agentId: agentId('agent-2') }),
      contextCommit({ at: T0 + 3, contextId: contextId('c'), owner: 'key:bob' }),
      contextCommit({ at: T0 + 4, contextId: contextId('d'), tenant: 'other' }),
    ])
    const list = async (filter: object) => {
      const records = await backend.tasks.listContexts({ tenant: 'default', ...filter }, 10)
      assert.equal(await backend.tasks.countContexts({ tenant: 'default', ...filter }, 10), records.length)
      return records.map((record) => record.contextId).join('')
    }

    assert.equal(await list({}), 'cba')
    assert.equal(await list({ owner: 'key:alice' }), 'ba')
    assert.equal(await list({ owner: 'key:alice', agentId: 'agent-1' }), 'a')
    assert.equal(await list({ agentId: 'agent-1' }), 'ca')
    assert.equal(await list({ agentIds: ['agent-2', 'agent-3'] }), 'b')
    assert.equal(await list({ owner: 'key:alice', agentIds: ['agent-2', 'agent-1'] }), 'ba')
    assert.equal(await list({ contextId: 'c', agentIds: ['agent-2'] }), '')
    assert.equal(await list({ agentIds: [] }), '')
    assert.equal(await list({ contextId: 'b' }), 'b')
    assert.equal(await list({ contextId: 'b', owner: 'key:bob' }), '')
    assert.equal(await backend.tasks.countContexts({ tenant: 'default' }, 2), 2)
  })

  it('tells with which agents an owner has contexts, each once, in the order of their ids', async (t) => {
    const backend = await open(t)
    await commitAll(
      backend,
      [
        { agentId: agentId('agent-2') },
        { agentId: agentId('agent-1') },
        { agentId: agentId('agent-2'), phase: 'undecided' as const },
        { agentId: agentId('agent-3'), owner: 'key:bob' },
        { agentId: agentId('agent-4'), tenant: 'other' },
      ].map((facts) => contextCommit({ ...facts, contextId: contextId(newUuid()) })),
    )
    const agentsOf = (tenant: string, owner: string) => backend.tasks.listAgents({ tenant, owner })

    assert.deepEqual(await agentsOf('default', 'key:alice'), ['agent-1', 'agent-2'])
    assert.deepEqual(await agentsOf('default', 'key:bob'), ['agent-3'])
    assert.deepEqual(await agentsOf('other', 'key:alice'), ['agent-4'])
    assert.deepEqual(await agentsOf('other', 'key:bob'), [])
  })

  it('tells the history of a context in the order of time, messages only', async (t) => {
    const backend = await open(t)
    const one = contextCommit({ at: T0 })
    const two = contextCommit({ at: T0 + 5 })
    const undecided = contextCommit({ at: T0 + 6, phase: 'undecided' })
    const plain = contextCommit({ at: T0 + 7, phase: 'undecided' })
    await commitAll(backend, [one, two, undecided, plain, contextCommit({ contextId: contextId('other') })])
    await commitOk(
      backend,
      nextCommit(one.head, [
        statusEvent({ at: T0 + 1 }),
        artifactEvent({ at: T0 + 2 }),
        statusEvent({ at: T0 + 10, body: '{"messageId":"answer"}' }),
      ]),
    )
    const reply = { kind: 'reply' as const, at: T0 + 9, body: '{"messageId":"reply"}' }
    await commitOk(backend, nextCommit(plain.head, [reply], {}, { phase: 'message' }))

    const filter = { tenant: 'default', owner: 'key:alice', contextId: contextId('context-1') }
    const entries = await backend.tasks.listContextEvents(filter, 10)
    assert.equal(await backend.tasks.countContextEvents(filter, 10), entries.length)
    assert.equal(await backend.tasks.countContextEvents(filter, 1), 1)

    const told = entries.map(({ taskId, event }) => [taskId, event.seq, event.kind])
    assert.deepEqual(told, [
      [one.head.id, 1, 'submitted'],
      [two.head.id, 1, 'submitted'],
      [plain.head.id, 1, 'submitted'],
      [plain.head.id, 2, 'reply'],
      [one.head.id, 4, 'status'],
    ])
    assert.deepEqual(entries[0]?.event, one.events[0])
    assert.equal(entries[0]?.agentId, 'agent-1')
    const third = entries[2]
    assert.ok(third !== undefined)
    const position = { at: third.event.at, id: third.taskId }
    const rest = await backend.tasks.listContextEvents(filter, 1, position)
    assert.deepEqual(rest, [entries[3]])
  })

  it('tells the history of one owner and agent, or of all of the tenant', async (t) => {
    const backend = await open(t)
    await commitAll(backend, [
      contextCommit({ at: T0 + 1 }),
      contextCommit({ at: T0 + 2, owner: 'key:bob' }),
      contextCommit({ at: T0 + 3, agentId: agentId('agent-2') }),
      contextCommit({ at: T0 + 4, tenant: 'other' }),
    ])
    const list = async (filter: object) => {
      const whole = { tenant: 'default', contextId: contextId('context-1'), ...filter }
      return (await backend.tasks.listContextEvents(whole, 10)).map(({ event }) => event.at - T0)
    }

    assert.deepEqual(await list({}), [1, 2, 3])
    assert.deepEqual(await list({ owner: 'key:alice' }), [1, 3])
    assert.deepEqual(await list({ owner: 'key:alice', agentId: 'agent-2' }), [3])
    assert.deepEqual(await list({ agentId: 'agent-1' }), [1, 2])
    assert.deepEqual(await list({ agentIds: ['agent-2'] }), [3])
    assert.deepEqual(await list({ owner: 'key:alice', agentIds: ['agent-1', 'agent-2'] }), [1, 3])
    assert.deepEqual(await list({ agentIds: [] }), [])
  })
}
