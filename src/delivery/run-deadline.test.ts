import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { alice, atOnce, fails, request, taskOf } from '../tasks/open-tasks.case.ts'
import {
  completed,
  gate,
  getTask,
  isIn,
  isOver,
  openDelivery,
  reasonOf,
  said,
  working,
} from './open-delivery.case.ts'

const limits = { staleMs: 1000, retentionMs: 5000, maxWaitMs: 60_000 }

describe('a deadline', () => {
  it('fails a task that made no progress', async (t) => {
    const world = await openDelivery(t, { send: [[working, 'hang']] }, { limits })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
    await world.until(isIn('TASK_STATE_WORKING'))

    world.pass(1001)
    await world.until(isOver)

    assert.equal(reasonOf(await getTask(world, id)), 'NO_PROGRESS')
  })

  it('fails a task that was never delivered', async (t) => {
    const world = await openDelivery(
      t,
      {},
      { limits, isLocal: false, workerOptions: { kinds: ['deadline'] } },
    )
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))

    world.pass(1001)
    await world.until(isOver)

    assert.equal(reasonOf(await getTask(world, id)), 'NO_PROGRESS')
  })

  it('moves on with every progress', async (t) => {
    const { passed, open } = gate()
    const world = await openDelivery(
      t,
      { send: [[working, passed, said('TASK_STATE_WORKING', 'more'), 'hang']] },
      { limits },
    )
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
    await world.until(isIn('TASK_STATE_WORKING'))
    world.clock.now += 900
    open()
    await world.until((head) => head.seq === 3)

    world.pass(200)
    await world.untilEnded(1)

    assert.deepEqual(world.ended, ['deadline again'])
    assert.equal((await getTask(world, id)).status.state, 'TASK_STATE_WORKING')
    world.pass(1000)
    await world.until(isOver)
  })

  it('leaves a task alone that waits for somebody', async (t) => {
    const world = await openDelivery(t, { send: [[working, said('TASK_STATE_INPUT_REQUIRED')]] }, { limits })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))
    await world.untilEnded(1)

    world.pass(100_000)
    await world.untilEnded(2)

    assert.equal((await getTask(world, id)).status.state, 'TASK_STATE_INPUT_REQUIRED')
  })

  it('makes a task of an exchange that nobody waits for any more', async (t) => {
    const patient = { ...limits, staleMs: 1_000_000 }
    const world = await openDelivery(
      t,
      { send: [['hang']] },
      { limits: patient, workerOptions: { leaseMs: 1e9 } },
    )
    await world.tasks.sendStreamingMessage(alice, 'echo', request('go'), {})
    const { id } = await world.until((head) => head.phase === 'undecided')
    await world.agentClient.called('send')

    world.pass(limits.maxWaitMs + 10_000)
    await world.until((head) => head.phase === 'task')

    assert.equal((await getTask(world, id)).status.state, 'TASK_STATE_SUBMITTED')
  })

  it('removes a task that has been kept long enough, and not before', async (t) => {
    const world = await openDelivery(t, { send: [[working, completed]] }, { limits })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))
    await world.untilEnded(1)

    world.pass(1001)
    assert.ok(await getTask(world, id))
    world.pass(limits.retentionMs)
    await world.untilEnded(2)

    await assert.rejects(getTask(world, id), fails('task_not_found'))
    assert.deepEqual(await world.backend.work.nextDueAt(['send', 'cancel', 'deadline'], 0), undefined)
    assert.deepEqual(world.unexpected, [])
  })
})
