import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { taskId } from '../a2a/ids.ts'
import { cancelTask } from './cancel-task.ts'
import {
  alice,
  COMPLETED,
  fails,
  leaving,
  newTask,
  type OpenTasks,
  openTasks,
  parsedTask,
  status,
  WORKING,
} from './open-tasks.case.ts'
import { writeTask } from './write-task.ts'

const cancel = async (world: OpenTasks, id: string, call = alice) =>
  parsedTask(await world.tasks.cancelTask(call, 'echo', { id }))

const CANCELED = status('TASK_STATE_CANCELED')

const asked = (world: OpenTasks) => world.until((head) => head.delivery.cancel !== undefined)

const cancelWork = (world: OpenTasks) =>
  world.backend.work.lease({ kinds: ['cancel'], limit: 9, now: world.clock.now, leaseMs: 0, busyLanes: [] })

describe('cancelling a task that no agent has heard of', () => {
  it('is done at once, and nothing is delivered any more', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)

    const task = await cancel(world, id)

    assert.equal(task.status.state, 'TASK_STATE_CANCELED')
    const request = {
      kinds: ['send', 'cancel'] as const,
      limit: 9,
      now: world.clock.now,
      leaseMs: 1,
      busyLanes: [],
    }
    assert.deepEqual(await world.backend.work.lease(request), [])
  })

  it('may be repeated and says the same', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)
    const first = await cancel(world, id)
    world.clock.now += 1000

    assert.deepEqual(await cancel(world, id), first)
  })
})

describe('cancelling a task an agent has', () => {
  it('asks the agent, whose answer decides', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)
    await world.agentSays(id, WORKING)
    const answer = world.tasks.cancelTask(alice, 'echo', { id, metadata: '{"why": 1.0}' })
    const head = await asked(world)

    assert.equal(head.state, 'TASK_STATE_WORKING')
    assert.equal(head.delivery.cancel?.metadata, '{"why": 1.0}')
    const [work] = await cancelWork(world)
    assert.equal(work?.key, id)
    await world.agentSays(id, CANCELED)
    assert.equal(parsedTask(await answer).status.state, 'TASK_STATE_CANCELED')
  })

  it('asks it once, however often the client does', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)
    await world.agentSays(id, WORKING)
    const answers = [cancel(world, id), cancel(world, id), cancel(world, id)]
    const { version } = await asked(world)
    await world.agentSays(id, CANCELED)

    const tasks = await Promise.all(answers)

    assert.deepEqual(tasks[1], tasks[0])
    assert.equal((await world.deps.store.findHead(taskId(id)))?.version, version + 1)
  })

  it('fails when the agent completes the task first', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)
    await world.agentSays(id, WORKING)
    const answer = cancel(world, id)
    await asked(world)

    await world.agentSays(id, COMPLETED)

    await assert.rejects(answer, fails('task_not_cancelable'))
  })

  it('fails when the agent refuses, and may be tried again', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)
    await world.agentSays(id, WORKING)
    const answer = cancel(world, id)
    await asked(world)

    await writeTask(world.deps, taskId(id), () => ({
      head: (head) => ({
        ...head,
        delivery: { ...head.delivery, cancel: { at: head.at, refused: 'task_not_cancelable' } },
      }),
      done: [{ kind: 'cancel', key: id }],
    }))
    await assert.rejects(answer, fails('task_not_cancelable'))

    const again = cancel(world, id)
    await world.until(
      (head) => head.delivery.cancel !== undefined && head.delivery.cancel.refused === undefined,
    )
    await world.agentSays(id, CANCELED)
    assert.equal((await again).status.state, 'TASK_STATE_CANCELED')
  })

  it('gives the task as it stands when the agent takes too long', async (t) => {
    const world = await openTasks(t, { limits: { cancelWaitMs: 1 } })
    const { id } = await newTask(world)
    await world.agentSays(id, WORKING)

    assert.equal((await cancel(world, id)).status.state, 'TASK_STATE_WORKING')
  })

  it('goes on when the client leaves', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)
    await world.agentSays(id, WORKING)
    const { call, leave } = leaving('key:alice')
    const answer = cancel(world, id, call)
    await asked(world)

    leave()

    await assert.rejects(answer, { name: 'AbortError' })
    assert.equal((await cancelWork(world)).length, 1)
  })
})

describe('cancelling a task that has ended', () => {
  for (const state of ['COMPLETED', 'FAILED', 'REJECTED'] as const) {
    it(`is refused after ${state}`, async (t) => {
      const world = await openTasks(t)
      const { id } = await newTask(world)
      await world.agentSays(id, status(`TASK_STATE_${state}`))

      await assert.rejects(cancel(world, id), fails('task_not_cancelable'))
    })
  }
})

it('refuses metadata that would not fit a task', async (t) => {
  const world = await openTasks(t)
  const { id } = await newTask(world)
  const metadata = JSON.stringify({ x: 'é'.repeat(4096) })

  await assert.rejects(cancelTask(world.deps, alice, 'echo', { id, metadata }), fails('invalid_params'))
})
