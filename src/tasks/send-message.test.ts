import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  alice,
  artifact,
  atOnce,
  COMPLETED,
  fails,
  leaving,
  newTask,
  openTasks,
  parsedTask,
  request,
  status,
  T0,
  taskOf,
  WORKING,
  wire,
} from './open-tasks.case.ts'
import { writeTask } from './write-task.ts'

describe('a send that returns immediately', () => {
  it('answers with the SUBMITTED task, durable and queued', async (t) => {
    const world = await openTasks(t)

    const task = await newTask(world, alice, 'hello', { contextId: 'my "context"' })

    assert.equal(task.status.state, 'TASK_STATE_SUBMITTED')
    assert.equal(task.contextId, 'my "context"')
    assert.equal(task.status.timestamp, new Date(T0).toISOString())
    assert.equal(task.history?.[0]?.taskId, task.id)
    assert.deepEqual(parsedTask(await world.tasks.getTask(alice, 'echo', { id: task.id })), task)
    const [work] = await world.backend.work.lease({
      kinds: ['send'],
      limit: 9,
      now: T0,
      leaseMs: 1,
      busyLanes: [],
    })
    assert.deepEqual([work?.key, work?.lane], [task.id, world.agent.id])
  })

  it('makes a context of its own when the client names none', async (t) => {
    const world = await openTasks(t)

    const one = await newTask(world, alice, 'a', { contextId: '' })
    const two = await newTask(world, alice, 'b')

    assert.ok(one.contextId && two.contextId)
    assert.notEqual(one.contextId, two.contextId)
  })

  it('keeps the message byte for byte but for the ids it now has', async (t) => {
    const world = await openTasks(t)
    const part = '{ "data" : {"n":1.0,"big":12345678901234567890,"\\u0061":null} }'
    const text = `{"message":{"messageId":"m","role":"ROLE_USER", "parts":[${part}] ,"x-future":1e2},"configuration":{"returnImmediately":true}}`

    const answer = await world.tasks.sendMessage(alice, 'echo', { value: JSON.parse(text), text }, {})

    assert.ok(answer.includes(part), answer)
    assert.ok(answer.includes('"x-future":1e2'))
  })

  it('gives at most the newest messages of the history, and none for 0', async (t) => {
    const world = await openTasks(t)
    const send = (historyLength: number) =>
      world.tasks.sendMessage(
        alice,
        'echo',
        request('x', { configuration: { returnImmediately: true, historyLength } }),
        {},
      )

    assert.equal(Object.hasOwn(taskOf(await send(0)), 'history'), false)
    assert.equal(taskOf(await send(1)).history?.length, 1)
  })
})

describe('a send that waits', () => {
  it('answers when the task settles, with everything in it', async (t) => {
    const world = await openTasks(t)
    const answer = world.tasks.sendMessage(alice, 'echo', request('go'), {})
    const { id } = await world.until((head) => head.phase === 'undecided')

    await world.agentSays(id, WORKING)
    await world.agentSays(id, artifact('a', 'x'), artifact('a', 'y', { append: true }), COMPLETED)

    const task = taskOf(await answer)
    assert.equal(task.status.state, 'TASK_STATE_COMPLETED')
    assert.deepEqual(task.artifacts?.[0]?.parts, [{ text: 'x' }, { text: 'y' }])
  })

  for (const state of ['TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_AUTH_REQUIRED'] as const) {
    it(`answers at ${state}`, async (t) => {
      const world = await openTasks(t)
      const answer = world.tasks.sendMessage(alice, 'echo', request('go'), {})
      const { id } = await world.until((head) => head.phase === 'undecided')

      await world.agentSays(id, status(state, 'Your turn'))

      const task = taskOf(await answer)
      assert.equal(task.status.state, state)
      assert.deepEqual(task.status.message?.parts, [{ text: 'Your turn' }])
    })
  }

  it('answers with the task as it first settled, however far it has come since', async (t) => {
    const world = await openTasks(t)
    const answer = world.tasks.sendMessage(alice, 'echo', request('go'), {})
    const { id } = await world.until((head) => head.phase === 'undecided')

    await world.agentSays(id, status('TASK_STATE_AUTH_REQUIRED'), WORKING, artifact('a', 'x'), COMPLETED)

    assert.equal(taskOf(await answer).status.state, 'TASK_STATE_AUTH_REQUIRED')
  })

  it('answers with the message of an agent that makes no task', async (t) => {
    const world = await openTasks(t)
    const answer = world.tasks.sendMessage(alice, 'echo', request('go'), {})
    const { id } = await world.until((head) => head.phase === 'undecided')
    const said = '{"messageId":"r","role":"ROLE_AGENT","parts":[{"text":"Hi"}]}'

    await writeTask(world.deps, id, () => ({
      entries: [{ kind: 'reply', header: '', body: said, trailer: '' }],
    }))

    assert.equal(await answer, `{"message":${said}}`)
    await assert.rejects(world.tasks.getTask(alice, 'echo', { id }), fails('task_not_found'))
  })

  it('answers with the task as it stands when the wait is over', async (t) => {
    const world = await openTasks(t, { limits: { maxWaitMs: 1 } })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(task.status.state, 'TASK_STATE_SUBMITTED')
    assert.deepEqual(parsedTask(await world.tasks.getTask(alice, 'echo', { id: task.id })), task)
  })

  it('answers with the task as it stands when the gateway stops', async (t) => {
    const world = await openTasks(t)
    const answer = world.tasks.sendMessage(alice, 'echo', request('go'), {})
    await world.until((head) => head.phase === 'undecided')

    world.stop()

    assert.equal(taskOf(await answer).status.state, 'TASK_STATE_SUBMITTED')
  })

  it('becomes a task when the client leaves, and goes on', async (t) => {
    const world = await openTasks(t)
    const { call, leave } = leaving('key:alice')
    const answer = world.tasks.sendMessage(call, 'echo', request('go'), {})
    const { id } = await world.until((head) => head.phase === 'undecided')

    leave()

    await assert.rejects(answer, { name: 'AbortError' })
    const task = parsedTask(await world.tasks.getTask(alice, 'echo', { id }))
    assert.equal(task.status.state, 'TASK_STATE_SUBMITTED')
    await world.agentSays(id, COMPLETED)
  })

  it('is no task to anybody while it is undecided', async (t) => {
    const world = await openTasks(t)
    const answer = world.tasks.sendMessage(alice, 'echo', request('go'), {})
    const { id } = await world.until((head) => head.phase === 'undecided')
    const { tasks } = world

    const missing = fails('task_not_found')
    await assert.rejects(tasks.getTask(alice, 'echo', { id }), missing)
    await assert.rejects(tasks.cancelTask(alice, 'echo', { id }), missing)
    await assert.rejects(tasks.subscribeToTask(alice, 'echo', { id }), missing)
    await assert.rejects(tasks.get(alice, id), missing)
    await assert.rejects(tasks.listEvents(alice, id, 0, 10), missing)
    await assert.rejects(tasks.sendMessage(alice, 'echo', atOnce('x', { taskId: id }), {}), missing)
    await assert.rejects(
      tasks.sendMessage(alice, 'echo', atOnce('x', { referenceTaskIds: [id] }), {}),
      missing,
    )
    assert.equal(JSON.parse(await tasks.listTasks(alice, 'echo', {})).totalSize, 0)
    assert.equal((await tasks.list(alice, { limit: 10 })).total, 0)
    await world.agentSays(id, COMPLETED)
    await answer
  })
})

describe('a message on a task', () => {
  it('is refused when it would make the task larger than a task may be', async (t) => {
    const world = await openTasks(t, { limits: { maxTaskBytes: 1500 } })
    const { id } = await newTask(world)
    const more = (text: string) => world.tasks.sendMessage(alice, 'echo', atOnce(text, { taskId: id }), {})

    await assert.rejects(more('x'.repeat(2000)), fails('payload_too_large'))

    assert.equal(taskOf(await more('short')).history?.length, 2)
  })

  it('sends an interrupted task back to SUBMITTED and joins its history', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world)
    await world.agentSays(task.id, status('TASK_STATE_INPUT_REQUIRED', 'Which?'))

    const answer = await world.tasks.sendMessage(alice, 'echo', atOnce('blue', { taskId: task.id }), {})

    const after = taskOf(answer)
    assert.equal(after.status.state, 'TASK_STATE_SUBMITTED')
    assert.equal(after.contextId, task.contextId)
    assert.deepEqual(
      after.history?.map(({ parts }) => parts[0]?.text),
      ['hello', 'Which?', 'blue'],
    )
  })

  it('leaves a working task at work', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world)
    await world.agentSays(task.id, WORKING)

    const answer = await world.tasks.sendMessage(alice, 'echo', atOnce('more', { taskId: task.id }), {})

    assert.equal(taskOf(answer).status.state, 'TASK_STATE_WORKING')
  })

  it('waits for the task to settle again', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world)
    await world.agentSays(task.id, status('TASK_STATE_INPUT_REQUIRED'))
    const answer = world.tasks.sendMessage(
      alice,
      'echo',
      request('blue', { message: { taskId: task.id } }),
      {},
    )
    await world.until((head) => head.seq === 3)

    await world.agentSays(task.id, COMPLETED)

    assert.equal(taskOf(await answer).status.state, 'TASK_STATE_COMPLETED')
  })

  it('is refused by a task that has ended', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world)
    await world.agentSays(task.id, COMPLETED)

    await assert.rejects(
      world.tasks.sendMessage(alice, 'echo', atOnce('more', { taskId: task.id }), {}),
      fails('unsupported_operation'),
    )
  })

  it('is refused with another context than the task has', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world, alice, 'hello', { contextId: 'one' })
    const send = (contextId: string) =>
      world.tasks.sendMessage(alice, 'echo', atOnce('more', { taskId: task.id, contextId }), {})

    await assert.rejects(send('two'), fails('invalid_params'))
    assert.equal(taskOf(await send('one')).contextId, 'one')
    assert.equal(taskOf(await send('')).contextId, 'one')
  })

  it('is refused for a task that does not exist', async (t) => {
    const world = await openTasks(t)

    for (const id of ['nope', 'x'.repeat(256), "a/b#'%😀"]) {
      await assert.rejects(
        world.tasks.sendMessage(alice, 'echo', atOnce('x', { taskId: id }), {}),
        fails('task_not_found'),
      )
    }
  })
})

describe('a message that refers to tasks', () => {
  it('may name the own tasks of this agent and no others', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world)
    const send = (...referenceTaskIds: string[]) =>
      world.tasks.sendMessage(alice, 'echo', atOnce('x', { referenceTaskIds }), {})

    assert.ok(taskOf(await send(task.id)))
    await assert.rejects(send(task.id, 'nope'), fails('task_not_found'))
  })
})

describe('a send that cannot be', () => {
  it('is refused with a webhook, which is not supported yet', async (t) => {
    const world = await openTasks(t)
    const configuration = { taskPushNotificationConfig: { url: 'https://x.example' } }

    await assert.rejects(
      world.tasks.sendMessage(alice, 'echo', request('x', { configuration }), {}),
      fails('push_notification_not_supported'),
    )
  })

  it('is refused for an agent that does not exist', async (t) => {
    const world = await openTasks(t)

    await assert.rejects(world.tasks.sendMessage(alice, 'nobody', atOnce('x'), {}), fails('agent_not_found'))
  })

  it('accepts the largest message a body may hold', async (t) => {
    const world = await openTasks(t)
    const text = 'x'.repeat(4 * 1024 * 1024 - 300)

    const value = {
      message: { messageId: 'm', role: 'ROLE_USER' as const, parts: [{ text }] },
      configuration: { returnImmediately: true },
    }
    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', wire(value), {}))

    assert.equal(task.history?.[0]?.parts[0]?.text === text, true)
  })
})
