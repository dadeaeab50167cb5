import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Task } from '../a2a/task.ts'
import type { Call } from '../access/principal.ts'
import { as, cardText } from '../registry/open-registry.case.ts'
import {
  alice,
  atOnce,
  fails,
  newTask,
  type OpenTasks,
  openTasks,
  parsedTask,
  taskOf,
} from './open-tasks.case.ts'

type Limited = {
  readonly world: OpenTasks
  /** Of Alice, at the agent `echo`. */
  readonly mine: Task
  /** Of Alice too, in the same context, at the agent `other`. */
  readonly other: Task
  /** Alice, with a credential for `echo` only. */
  readonly limited: Call
  /** An admin with such a credential. */
  readonly admin: Call
}

async function open(t: TestContext): Promise<Limited> {
  const world = await openTasks(t)
  const registration = { card: cardText(), slug: 'other' }
  await world.registry.register(as('key:publisher'), registration)
  const mine = await newTask(world, alice, 'mine', { contextId: 'c' })
  const sent = await world.tasks.sendMessage(alice, 'other', atOnce('other', { contextId: 'c' }), {})
  const agents = new Set<string>([world.agent.id])
  return {
    world,
    mine,
    other: taskOf(sent),
    limited: as('key:alice', { agents }),
    admin: as('key:root', { agents, scopes: new Set(['admin']) }),
  }
}

describe('a credential that is limited to agents', () => {
  it('does nothing with another agent, as if there were none', async (t) => {
    const { world, other, limited } = await open(t)
    const { tasks } = world
    const id = other.id

    for (const agent of ['other', 'never']) {
      const calls = [
        tasks.sendMessage(limited, agent, atOnce('x'), {}),
        tasks.sendMessage(limited, agent, atOnce('x', { taskId: id }), {}),
        tasks.sendStreamingMessage(limited, agent, atOnce('x'), {}),
        tasks.getTask(limited, agent, { id }),
        tasks.listTasks(limited, agent, {}),
        tasks.cancelTask(limited, agent, { id }),
        tasks.subscribeToTask(limited, agent, { id }),
        tasks.list(limited, { agent, limit: 10 }),
        tasks.listContexts(limited, { agent, limit: 10 }),
        tasks.listHistory(limited, 'c', { agent, limit: 10 }),
      ]
      for (const call of calls) await assert.rejects(call, fails('agent_not_found'))
    }
    assert.equal(parsedTask(await tasks.get(alice, id)).status.state, 'TASK_STATE_SUBMITTED')
  })

  it('does with its agent whatever it may', async (t) => {
    const { world, mine, limited } = await open(t)
    const { tasks } = world
    const { id } = mine

    assert.equal(parsedTask(await tasks.getTask(limited, 'echo', { id })).id, id)
    assert.equal(JSON.parse(await tasks.listTasks(limited, 'echo', {})).totalSize, 1)
    await tasks.sendMessage(limited, 'echo', atOnce('more', { taskId: id }), {})
    await tasks.subscribeToTask(limited, 'echo', { id })
    await tasks.cancelTask(limited, 'echo', { id })
    assert.equal(parsedTask(await tasks.get(limited, id)).id, id)
  })

  it('finds a task of another agent nowhere', async (t) => {
    const { world, mine, other, limited, admin } = await open(t)
    const { tasks } = world

    for (const call of [limited, admin]) {
      for (const id of [other.id, 'never']) {
        await assert.rejects(tasks.get(call, id), fails('task_not_found'))
        await assert.rejects(tasks.listEvents(call, id, 0, 10), fails('task_not_found'))
        await assert.rejects(tasks.followEvents(call, id, 0), fails('task_not_found'))
      }
      assert.equal(parsedTask(await tasks.get(call, mine.id)).id, mine.id)
    }
    await assert.rejects(
      tasks.sendMessage(limited, 'echo', atOnce('x', { referenceTaskIds: [other.id] }), {}),
      fails('task_not_found'),
    )
  })

  it('lists and counts tasks, contexts and what was said at its agents only', async (t) => {
    const { world, mine, limited, admin } = await open(t)
    const { tasks } = world
    await tasks.sendMessage(alice, 'other', atOnce('elsewhere', { contextId: 'd' }), {})

    for (const call of [limited, admin]) {
      const listed = await tasks.list(call, { limit: 1 })
      const contexts = await tasks.listContexts(call, { limit: 1 })
      const history = await tasks.listHistory(call, 'c', { limit: 1 })

      assert.deepEqual(
        listed.items.map((text) => parsedTask(text).id),
        [mine.id],
      )
      assert.deepEqual(
        contexts.items.map(({ contextId, agentId }) => [contextId, agentId]),
        [['c', world.agent.id]],
      )
      assert.match(history.items.join(), /"text":"mine"/)
      for (const { total, nextCursor } of [listed, contexts, history]) {
        assert.deepEqual([total, nextCursor], [1, undefined])
      }
      await assert.rejects(tasks.listHistory(call, 'd', { limit: 1 }), fails('not_found'))
    }
  })

  it('cannot go on with a cursor that was made without the limit', async (t) => {
    const { world, limited } = await open(t)
    const { nextCursor: cursor = '' } = await world.tasks.list(alice, { limit: 1 })

    await assert.rejects(world.tasks.list(limited, { limit: 1, cursor }), fails('invalid_params'))
  })
})
