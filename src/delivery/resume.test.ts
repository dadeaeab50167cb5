import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { alice, atOnce, request, taskOf } from '../tasks/open-tasks.case.ts'
import { AgentFailure } from './agent-client.ts'
import {
  agentTask,
  artifactsOf,
  chunk,
  completed,
  gate,
  getTask,
  isIn,
  isOver,
  LEASE_MS,
  openDelivery,
  reasonOf,
  said,
  working,
} from './open-delivery.case.ts'

const dropped = new AgentFailure('unknown', 'The connection broke')
const isWorking = isIn('TASK_STATE_WORKING')

const methods = ({ agentClient }: Awaited<ReturnType<typeof openDelivery>>) =>
  agentClient.calls.map(({ method }) => method)

describe('a dropped stream', () => {
  it('is resumed by the agent task, and the log has no gap or repetition', async (t) => {
    const snapshot = {
      task: agentTask('TASK_STATE_WORKING', {
        artifacts: [{ artifactId: 'a', parts: [{ text: 'x' }, { text: 'y' }] }],
      }),
    }
    const world = await openDelivery(t, {
      send: [[working, chunk('a', 'x'), dropped]],
      subscribe: [[snapshot, chunk('a', 'z', true), completed]],
    })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.deepEqual(artifactsOf(task), ['a:x,y,z'])
    assert.deepEqual(methods(world), ['send', 'subscribe'])
    assert.equal(world.agentClient.calls[1]?.about, 'at-1')
  })

  it('that ends in peace before the task does is resumed as well', async (t) => {
    const world = await openDelivery(t, { send: [[working]], subscribe: [[working, completed]] })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(task.status.state, 'TASK_STATE_COMPLETED')
  })

  it('fails the task when the agent stays away for long', async (t) => {
    const away = new AgentFailure('not_accepted', 'The agent cannot be reached')
    const world = await openDelivery(t, {
      send: [[working, dropped]],
      subscribe: Array.from({ length: 9 }, () => [away]),
      getTask: Array.from({ length: 9 }, () => away),
    })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
    await world.until(({ delivery }) => delivery.unreachableSince !== undefined)

    world.pass(world.deps.limits.unreachableMs)
    await world.until(isOver)

    assert.equal(reasonOf(await getTask(world, id)), 'AGENT_UNREACHABLE')
  })

  it('is asked after when the agent has no stream for it', async (t) => {
    const refused = new AgentFailure('refused', 'Ended', { code: 'unsupported_operation' })
    const world = await openDelivery(t, {
      send: [[working, dropped]],
      subscribe: [[refused]],
      getTask: [agentTask('TASK_STATE_COMPLETED')],
    })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(task.status.state, 'TASK_STATE_COMPLETED')
    assert.deepEqual(methods(world), ['send', 'subscribe', 'getTask'])
  })

  it('is asked after again, later each time, while the agent is quiet', async (t) => {
    const world = await openDelivery(
      t,
      {
        send: [[working]],
        getTask: [agentTask('TASK_STATE_WORKING'), dropped, agentTask('TASK_STATE_COMPLETED')],
      },
      { card: { capabilities: { streaming: false } } },
    )
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
    await world.untilEnded(1)
    world.pass(60_001)
    await world.untilEnded(2)
    const dueAt = (await world.backend.work.nextDueAt(['send'], world.clock.now)) ?? 0
    assert.ok(
      Number.isInteger(dueAt) && dueAt > world.clock.now + 10_000 && dueAt <= world.clock.now + 30_000,
    )
    assert.equal((await getTask(world, id)).status.state, 'TASK_STATE_WORKING')
    world.pass(60_000)
    await world.untilEnded(3)

    assert.equal((await getTask(world, id)).status.state, 'TASK_STATE_COMPLETED')
    assert.deepEqual(methods(world), ['send', 'getTask', 'getTask', 'getTask'])
  })

  it('fails the task when the agent does not know it any more', async (t) => {
    const lost = new AgentFailure('refused', 'No such task', { code: 'task_not_found' })
    const world = await openDelivery(t, { send: [[working, dropped]], subscribe: [[lost]], getTask: [lost] })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(task.status.state, 'TASK_STATE_FAILED')
    assert.equal(reasonOf(task), 'AGENT_LOST_TASK')
  })

  it('fails the task when the agent shows another one', async (t) => {
    const other = agentTask('TASK_STATE_COMPLETED', { id: 'at-2' })
    const world = await openDelivery(t, {
      send: [[working, dropped]],
      subscribe: [[dropped]],
      getTask: [other],
    })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(reasonOf(task), 'INVALID_AGENT_RESPONSE')
  })
})

describe('a worker that lost its lease', () => {
  it('writes nothing more, and the one that took over goes on from the log', async (t) => {
    const { passed, open } = gate()
    const snapshot = {
      task: agentTask('TASK_STATE_WORKING', { artifacts: [{ artifactId: 'a', parts: [{ text: 'x' }] }] }),
    }
    const world = await openDelivery(t, {
      send: [[working, chunk('a', 'x'), passed, said('TASK_STATE_FAILED', 'from the past')]],
      subscribe: [[snapshot, completed]],
    })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
    await world.until((head) => head.artifacts.length === 1)

    world.clock.now += LEASE_MS + 1
    world.startAnother()
    await world.agentClient.called('subscribe')
    open()
    await world.untilEnded(2)

    const task = await getTask(world, id)
    assert.equal(task.status.message?.parts[0]?.text, 'Done')
    assert.deepEqual(artifactsOf(task), ['a:x'])
    assert.deepEqual(world.ended.toSorted(), ['send done', 'send lost'])
    assert.equal(methods(world).filter((method) => method === 'send').length, 1)
  })

  for (const redelivery of ['at-most-once', 'at-least-once'] as const) {
    it(`before the agent answered leaves the outcome unknown: ${redelivery}`, async (t) => {
      const world = await openDelivery(t, { send: [['hang'], [working, completed]] }, { redelivery })
      const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
      await world.agentClient.called('send')

      world.clock.now += LEASE_MS + 1
      world.startAnother()
      await world.until(isOver)

      const task = await getTask(world, id)
      const expected = redelivery === 'at-most-once' ? ['TASK_STATE_FAILED', 1] : ['TASK_STATE_COMPLETED', 2]
      assert.deepEqual([task.status.state, methods(world).length], expected)
    })
  }

  it('while the agent had a follow-up in hand asks the agent what became of it', async (t) => {
    const world = await openDelivery(t, {
      send: [[working, said('TASK_STATE_INPUT_REQUIRED')], ['hang']],
      getTask: [agentTask('TASK_STATE_WORKING')],
      subscribe: [[working, completed]],
    })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))
    await world.tasks.sendMessage(alice, 'echo', atOnce('blue', { taskId: id }), {})
    await world.agentClient.called('send', 2)

    world.clock.now += LEASE_MS + 1
    world.startAnother()
    await world.until(isOver)

    assert.equal((await getTask(world, id)).status.state, 'TASK_STATE_COMPLETED')
    assert.deepEqual(methods(world), ['send', 'send', 'getTask', 'subscribe'])
  })

  it('fails the task when the agent shows no sign of the follow-up', async (t) => {
    const world = await openDelivery(t, {
      send: [[working, said('TASK_STATE_INPUT_REQUIRED')], ['hang']],
      getTask: [agentTask('TASK_STATE_INPUT_REQUIRED')],
    })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))
    await world.tasks.sendMessage(alice, 'echo', atOnce('blue', { taskId: id }), {})
    await world.agentClient.called('send', 2)

    world.clock.now += LEASE_MS + 1
    world.startAnother()
    await world.until(isOver)

    assert.equal(reasonOf(await getTask(world, id)), 'OUTCOME_UNKNOWN')
  })
})

describe('a worker that stops', () => {
  it('hands back what the agent has accepted, and another resumes it', async (t) => {
    const world = await openDelivery(t, { send: [[working, 'hang']], subscribe: [[working, completed]] })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
    await world.until(isWorking)

    await world.worker[Symbol.asyncDispose]()
    assert.deepEqual(world.ended, ['send handed_back'])
    world.startAnother()
    await world.until(isOver)

    assert.equal((await getTask(world, id)).status.state, 'TASK_STATE_COMPLETED')
    assert.deepEqual(methods(world), ['send', 'subscribe'])
    assert.deepEqual(world.unexpected, [])
  })

  it('waits for the answer to a message it has begun to send', async (t) => {
    const { passed, open } = gate()
    const script = { send: [[passed, working, 'hang' as const]], subscribe: [[working, completed]] }
    const world = await openDelivery(t, script, { workerOptions: { graceMs: 60_000 } })
    await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {})
    await world.agentClient.called('send')

    const stopped = world.worker[Symbol.asyncDispose]()
    open()
    await stopped

    assert.equal((await world.until(isWorking)).delivery.agentTaskId, 'at-1')
    assert.deepEqual(world.ended, ['send handed_back'])
  })

  it('takes no new work', async (t) => {
    const world = await openDelivery(t, { send: [[working, completed]] })
    await world.worker[Symbol.asyncDispose]()

    await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {})
    world.worker.wake()
    world.startAnother()
    await world.untilEnded(1)

    assert.deepEqual(world.ended, ['send done'])
  })
})
