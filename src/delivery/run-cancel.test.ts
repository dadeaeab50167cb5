import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { alice, atOnce, fails, parsedTask, request, taskOf } from '../tasks/open-tasks.case.ts'
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
  type OpenDelivery,
  openDelivery,
  said,
  working,
} from './open-delivery.case.ts'

const canceled = agentTask('TASK_STATE_CANCELED')

async function started(world: OpenDelivery): Promise<string> {
  const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
  await world.until(isIn('TASK_STATE_WORKING'))
  return id
}

const cancel = async (world: OpenDelivery, id: string) =>
  parsedTask(await world.tasks.cancelTask(alice, 'echo', { id, metadata: '{"why":1.0}' }))

const cancels = (world: OpenDelivery) =>
  world.agentClient.calls.filter(({ method }) => method === 'cancelTask')

describe('a cancel', () => {
  it('of a task in the queue never reaches the agent, and the task is not delivered', async (t) => {
    const world = await openDelivery(t, {}, { workerOptions: { concurrency: 0 }, isLocal: false })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))

    assert.equal((await cancel(world, id)).status.state, 'TASK_STATE_CANCELED')
    world.startAnother()
    world.pass(1000)
    assert.deepEqual(world.agentClient.calls, [])
  })

  it('of a running task is forwarded, and the answer of the agent decides', async (t) => {
    const world = await openDelivery(t, { send: [[working, 'hang']], cancelTask: [canceled] })
    const id = await started(world)

    const task = await cancel(world, id)

    assert.equal(task.status.state, 'TASK_STATE_CANCELED')
    const [call] = cancels(world)
    assert.deepEqual([call?.about, call?.metadata], ['at-1', '{"why":1.0}'])
  })

  it('may also be told by the stream of the task', async (t) => {
    const { passed, open } = gate()
    const never = new Promise<never>(() => {})
    const world = await openDelivery(t, {
      send: [[working, passed, said('TASK_STATE_CANCELED', 'Stopped')]],
      cancelTask: [never],
    })
    const id = await started(world)
    const answer = cancel(world, id)
    await world.agentClient.called('cancelTask')

    open()

    assert.equal((await answer).status.message?.parts[0]?.text, 'Stopped')
  })

  it('loses against a completion that is written first', async (t) => {
    const { passed, open } = gate()
    const late = gate()
    const world = await openDelivery(t, {
      send: [[working, passed, chunk('a', 'x'), completed]],
      cancelTask: [late.passed.then(() => canceled)],
    })
    const id = await started(world)
    const answer = cancel(world, id)
    await world.agentClient.called('cancelTask')

    open()
    await assert.rejects(answer, fails('task_not_cancelable'))
    late.open()
    await world.untilEnded(2)

    const task = await getTask(world, id)
    assert.equal(task.status.state, 'TASK_STATE_COMPLETED')
    assert.deepEqual(artifactsOf(task), ['a:x'])
  })

  it('that finds the task completed at the agent shows all of it', async (t) => {
    const artifacts = [{ artifactId: 'a', parts: [{ text: 'x' }, { text: 'y' }] }]
    const world = await openDelivery(t, {
      send: [[working, chunk('a', 'x'), 'hang']],
      cancelTask: [agentTask('TASK_STATE_COMPLETED', { artifacts })],
    })
    const id = await started(world)
    await world.until((head) => head.artifacts.length === 1)

    await assert.rejects(cancel(world, id), fails('task_not_cancelable'))

    assert.deepEqual(artifactsOf(await getTask(world, id)), ['a:x,y'])
  })

  it('that the agent refuses leaves the task as it is', async (t) => {
    const refused = new AgentFailure('refused', 'No', { code: 'task_not_cancelable' })
    const { passed, open } = gate()
    const world = await openDelivery(t, {
      send: [[working, passed, completed]],
      cancelTask: [refused, canceled],
    })
    const id = await started(world)

    await assert.rejects(cancel(world, id), fails('task_not_cancelable'))

    assert.equal((await getTask(world, id)).status.state, 'TASK_STATE_WORKING')
    assert.equal((await cancel(world, id)).status.state, 'TASK_STATE_CANCELED')
    open()
  })

  it('that the agent cannot be asked for is refused, not faked', async (t) => {
    const world = await openDelivery(t, {
      send: [[working, 'hang']],
      cancelTask: [new AgentFailure('not_accepted', 'The agent cannot be reached')],
    })
    const id = await started(world)

    await assert.rejects(cancel(world, id), fails('task_not_cancelable'))
  })

  it('that is repeated while it is under way reaches the agent once', async (t) => {
    const { passed, open } = gate()
    const world = await openDelivery(t, {
      send: [[working, 'hang']],
      cancelTask: [passed.then(() => canceled)],
    })
    const id = await started(world)
    const answers = [cancel(world, id), cancel(world, id)]
    await world.agentClient.called('cancelTask')
    open()

    const [one, two] = await Promise.all(answers)

    assert.deepEqual(one, two)
    assert.deepEqual(await cancel(world, id), one)
    assert.equal(cancels(world).length, 1)
  })

  it('that the agent only notes can be asked for again later', async (t) => {
    const world = await openDelivery(
      t,
      { send: [[working, 'hang']], cancelTask: [agentTask('TASK_STATE_WORKING'), canceled] },
      { limits: { cancelWaitMs: 1 } },
    )
    const id = await started(world)
    assert.equal((await cancel(world, id)).status.state, 'TASK_STATE_WORKING')
    await world.untilEnded(1)

    await cancel(world, id)
    await world.until(isOver)

    assert.equal((await getTask(world, id)).status.state, 'TASK_STATE_CANCELED')
    assert.equal(cancels(world).length, 2)
  })

  it('of a task that waits for input is forwarded as well', async (t) => {
    const world = await openDelivery(t, {
      send: [[working, said('TASK_STATE_INPUT_REQUIRED')]],
      cancelTask: [canceled],
    })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal((await cancel(world, id)).status.state, 'TASK_STATE_CANCELED')
  })

  it('waits until the agent has told its id of the task', async (t) => {
    const { passed, open } = gate()
    const world = await openDelivery(t, { send: [[passed, working, 'hang']], cancelTask: [canceled] })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
    await world.agentClient.called('send')
    const answer = cancel(world, id)
    await world.untilEnded(1)

    open()
    await world.until(isIn('TASK_STATE_WORKING'))
    world.pass(1000)

    assert.equal((await answer).status.state, 'TASK_STATE_CANCELED')
  })
})
