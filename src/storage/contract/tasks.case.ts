import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agentId, contextId } from '../../a2a/ids.ts'
import type { TaskHead } from '../../tasks/task-head.ts'
import { commitAll, commitOk } from './commit-all.ts'
import type { Cases } from './describe-backend.ts'
import { contextOf, firstCommit, newTaskId, nextCommit, sampleWork, statusEvent, T0 } from './sample-task.ts'

const fullHead: Partial<TaskHead> = {
  metadataSeq: 1,
  artifacts: [{ artifactId: 'a/1', first: 1, last: 1, bytes: 3 }],
  delivery: {
    unsent: [1],
    sending: { seq: 1, at: T0 },
    via: { url: 'https://agent.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    agentTaskId: 'their-task',
    agentContextId: 'their-context',
  },
  caller: { credential: { kind: 'token', issuer: 'corp' }, groups: ['corp:ops'], isAdmin: true },
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
}

export const taskCases: Cases = ({ open }) => {
  it('returns a head as it was committed, with every member', async (t) => {
    const backend = await open(t)
    const head = await commitOk(backend, firstCommit(fullHead))

    assert.deepEqual(await backend.tasks.findHead(head.id), head)
    assert.equal(await backend.tasks.findHead(newTaskId()), undefined)
  })

  it('is out of reach of later changes to what was committed', async (t) => {
    const backend = await open(t)
    const unsent = [1]
    const head = await commitOk(backend, firstCommit({ delivery: { unsent } }))
    const read = await backend.tasks.findHead(head.id)

    unsent.push(2)

    assert.deepEqual(read?.delivery.unsent, [1])
    assert.deepEqual((await backend.tasks.findHead(head.id))?.delivery.unsent, [1])
  })

  it('shows a commit to every read that starts after it was answered', async (t) => {
    const backend = await open(t)
    const first = await commitOk(backend, firstCommit())
    const second = await commitOk(backend, nextCommit(first, [statusEvent()]))

    assert.deepEqual(await backend.tasks.findHead(first.id), second)
    if (backend.capabilities.listsAreEventual) return
    assert.deepEqual(await backend.tasks.listHeads({ tenant: 'default' }, 10), [second])
    assert.equal(await backend.tasks.countHeads({ tenant: 'default' }, 10), 1)
  })

  it('lists and counts decided tasks only', async (t) => {
    const backend = await open(t)
    const task = firstCommit({ phase: 'task' })
    const undecided = firstCommit({ phase: 'undecided' })
    await commitAll(backend, [task, undecided, firstCommit({ phase: 'message' })])

    assert.deepEqual(await backend.tasks.listHeads({ tenant: 'default' }, 10), [task.head])
    assert.equal(await backend.tasks.countHeads({ tenant: 'default' }, 10), 1)
    const decided = nextCommit(undecided.head, [statusEvent()], {}, { phase: 'task' })
    await commitOk(backend, decided)
    assert.deepEqual(await backend.tasks.listHeads({ tenant: 'default' }, 10), [decided.head, task.head])
    assert.equal(await backend.tasks.countHeads({ tenant: 'default' }, 10), 2)
  })

  it('applies every filter, alone and together', async (t) => {
    const backend = await open(t)
    const a = firstCommit({ at: T0 + 1 })
    const b = firstCommit({ at: T0 + 2, agentId: agentId('agent-2'), state: 'TASK_STATE_WORKING' })
    const c = firstCommit({ at: T0 + 3, contextId: contextId('context-2'), state: 'TASK_STATE_COMPLETED' })
    const d = firstCommit({ at: T0 + 4, owner: 'key:bob' })
    await commitAll(backend, [a, b, c, d])
    const names = new Map([a, b, c, d].map((commit, index) => [commit.head.id, 'abcd'[index]]))
    const list = async (filter: object) => {
      const heads = await backend.tasks.listHeads({ tenant: 'default', ...filter }, 10)
      assert.equal(await backend.tasks.countHeads({ tenant: 'default', ...filter }, 10), heads.length)
      return heads.map((head) => names.get(head.id)).join('')
    }

    assert.equal(await list({}), 'dcba')
    assert.equal(await list({ owner: 'key:alice' }), 'cba')
    assert.equal(await list({ agentId: 'agent-1' }), 'dca')
    assert.equal(await list({ owner: 'key:alice', agentId: 'agent-1' }), 'ca')
    assert.equal(await list({ agentIds: ['agent-2', 'agent-3'] }), 'b')
    assert.equal(await list({ owner: 'key:alice', agentIds: ['agent-2', 'agent-1'] }), 'cba')
    assert.equal(await list({ contextId: 'context-1', agentIds: ['agent-2'] }), 'b')
    assert.equal(await list({ agentId: 'agent-1', agentIds: ['agent-2'] }), '')
    assert.equal(await list({ agentIds: [] }), '')
    assert.equal(await list({ contextId: 'context-1' }), 'dba')
    assert.equal(await list({ owner: 'key:alice', contextId: 'context-1' }), 'ba')
    assert.equal(await list({ state: 'TASK_STATE_WORKING' }), 'b')
    assert.equal(await list({ owner: 'key:alice', state: 'TASK_STATE_SUBMITTED' }), 'a')
    assert.equal(await list({ statusAtFrom: T0 + 3 }), 'dc')
    assert.equal(await list({ owner: 'key:alice', agentId: 'agent-1', statusAtFrom: T0 + 2 }), 'c')
    assert.equal(await list({ contextId: 'context-1', agentId: 'agent-2', state: 'TASK_STATE_WORKING' }), 'b')
    assert.equal(await list({ tenant: 'other' }), '')
  })

  it('counts up to the cap and stops there', async (t) => {
    const backend = await open(t)
    await commitAll(
      backend,
      Array.from({ length: 5 }, () => firstCommit()),
    )

    assert.equal(await backend.tasks.countHeads({ tenant: 'default' }, 3), 3)
    assert.equal(await backend.tasks.countHeads({ tenant: 'default' }, 5), 5)
    assert.equal(await backend.tasks.countHeads({ tenant: 'default' }, 6), 5)
  })

  it('removes a task with its log, its place in the context and its work', async (t) => {
    const backend = await open(t)
    const first = firstCommit()
    const head = await commitOk(backend, {
      ...first,
      context: contextOf(first.head),
      work: [sampleWork(first.head.id), sampleWork(first.head.id, { kind: 'deadline', dueAt: T0 + 5 })],
    })
    const other = await commitOk(backend, firstCommit({ at: T0 + 1 }, { work: [sampleWork('other')] }))

    assert.equal(await backend.tasks.remove(head.id, 2), false)
    assert.deepEqual(await backend.tasks.findHead(head.id), head)
    assert.equal(await backend.tasks.remove(head.id, 1), true)

    assert.equal(await backend.tasks.findHead(head.id), undefined)
    assert.deepEqual(await backend.tasks.readEvents(head.id, {}), [])
    assert.deepEqual(await backend.tasks.listHeads({ tenant: 'default' }, 10), [other])
    const events = await backend.tasks.listContextEvents(
      { tenant: 'default', contextId: contextId('context-1') },
      10,
    )
    assert.deepEqual(
      events.map((entry) => entry.taskId),
      [other.id],
    )
    assert.equal(await backend.work.nextDueAt(['deadline'], T0), undefined)
    const lease = { kinds: ['send' as const], limit: 10, now: T0, leaseMs: 1000, busyLanes: [] }
    assert.deepEqual(
      (await backend.work.lease(lease)).map((work) => work.key),
      ['other'],
    )
    assert.equal(await backend.tasks.remove(head.id, 1), false)
  })

  it('removes a context with its last task, unless something was said in it since', async (t) => {
    const backend = await open(t)
    const stored = async () => (await backend.tasks.listContexts({ tenant: 'default' }, 10)).length
    const withContext = (commit: ReturnType<typeof firstCommit>, lastAt = commit.head.at) => ({
      ...commit,
      context: { ...contextOf(commit.head), lastAt },
    })
    const one = await commitOk(backend, withContext(firstCommit()))
    const two = await commitOk(backend, withContext(firstCommit()))

    await backend.tasks.remove(one.id, 1)
    assert.equal(await stored(), 1)
    await backend.tasks.remove(two.id, 1)
    assert.equal(await stored(), 0)

    const three = await commitOk(backend, withContext(firstCommit(), T0 + 1000))
    await backend.tasks.remove(three.id, 1)
    assert.equal(await stored(), 1)
  })

  it('starts a log of its own for a task made after one was removed', async (t) => {
    const backend = await open(t)
    const first = await commitOk(backend, firstCommit())
    await commitOk(backend, nextCommit(first, [statusEvent({ body: '{}' })]))
    await backend.tasks.remove(first.id, 2)

    const again = firstCommit({ id: first.id })
    await commitOk(backend, again)

    assert.deepEqual(await backend.tasks.readEvents(first.id, {}), again.events)
  })
}
