import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { alice, atOnce, framesOf, gist, request, taskOf } from '../tasks/open-tasks.case.ts'
import {
  agentMessage,
  agentTask,
  completed,
  isOver,
  openDelivery,
  said,
  working,
} from './open-delivery.case.ts'

const KNOWN = 'https://ext.example/known'
const OTHER = 'https://ext.example/other'
const card = {
  capabilities: { streaming: true, extensions: [{ uri: KNOWN, required: true }, { uri: OTHER }] },
}
const activates = (...uris: string[]) => ({ activates: uris })

/** What the tasks room told about activated extensions, call by call. */
function listener() {
  const told: (readonly string[])[] = []
  return { told, onActivated: (uris: readonly string[]) => told.push(uris) }
}

describe('extensions', () => {
  it('reach the agent when the client declares them and the card has them, each with its own message', async (t) => {
    const send = [[said('TASK_STATE_INPUT_REQUIRED')], [completed]]
    const world = await openDelivery(t, { send }, { card })
    const options = { extensions: [KNOWN, 'https://ext.example/unheard-of', OTHER] }

    const first = taskOf(await world.tasks.sendMessage(alice, 'echo', request('one'), options))
    const message = { taskId: first.id }
    await world.tasks.sendMessage(alice, 'echo', request('two', { message }), { extensions: [KNOWN] })

    const { calls } = world.agentClient
    assert.deepEqual(
      calls.map(({ extensions }) => extensions),
      [[KNOWN, OTHER], [KNOWN]],
    )
    assert.ok(calls.every(({ about }) => !about.includes('ext.example')))
  })

  it('survive a worker that dies before it sends', async (t) => {
    const world = await openDelivery(t, { send: [[completed]] }, { card, isLocal: false })
    await world.worker[Symbol.asyncDispose]()
    await world.tasks.sendMessage(alice, 'echo', atOnce('go'), { extensions: [KNOWN] })

    world.startAnother()
    await world.until(isOver)

    assert.deepEqual(world.agentClient.calls[0]?.extensions, [KNOWN])
  })

  it('are no business of readers', async (t) => {
    const world = await openDelivery(t, { send: [[working, completed]] }, { card })
    const stream = await world.tasks.sendStreamingMessage(alice, 'echo', request('go'), {
      extensions: [KNOWN],
    })

    const seen = (await framesOf(stream)).map(({ event }) => event)
    const { items } = await world.tasks.listEvents(alice, stream.taskId ?? '', 0, 10)
    const task = await world.tasks.getTask(alice, 'echo', { id: stream.taskId ?? '' })

    assert.doesNotMatch([...seen, ...items, task].join(), /ext\.example/)
  })
})

describe('activated extensions', () => {
  it('are told before the answer of a blocking send', async (t) => {
    const world = await openDelivery(t, { send: [[activates(KNOWN), working, completed]] }, { card })
    const { told, onActivated } = listener()

    await world.tasks.sendMessage(alice, 'echo', request('go'), { extensions: [KNOWN], onActivated })

    assert.deepEqual(told, [[KNOWN]])
  })

  it('are told before a plain Message', async (t) => {
    const send = [[activates(KNOWN, OTHER), { message: agentMessage('hi') }]]
    const world = await openDelivery(t, { send }, { card })
    const { told, onActivated } = listener()
    const options = { extensions: [KNOWN, OTHER], onActivated }

    const answer = await world.tasks.sendMessage(alice, 'echo', request('go'), options)

    assert.match(answer, /"message"/)
    assert.deepEqual(told, [[KNOWN, OTHER]])
  })

  it('are told before the first frame of a stream', async (t) => {
    const world = await openDelivery(t, { send: [[activates(KNOWN), working, completed]] }, { card })
    const seen: string[] = []
    const options = { extensions: [KNOWN], onActivated: () => seen.push('activated') }

    for await (const frame of await world.tasks.sendStreamingMessage(alice, 'echo', request('go'), options)) {
      seen.push(gist(frame))
    }

    assert.deepEqual(seen, ['activated', '1 task SUBMITTED', '2 WORKING', '3 COMPLETED'])
  })

  it('belong to one message: what the agent activated for an earlier one is not told again', async (t) => {
    const send = [[activates(KNOWN), said('TASK_STATE_INPUT_REQUIRED')], [completed]]
    const world = await openDelivery(t, { send }, { card })
    const { told, onActivated } = listener()
    const options = { extensions: [KNOWN], onActivated }
    const first = taskOf(await world.tasks.sendMessage(alice, 'echo', request('one'), options))

    await world.tasks.sendMessage(alice, 'echo', request('two', { message: { taskId: first.id } }), options)

    assert.deepEqual(told, [[KNOWN]])
  })

  it('are told again to a repetition of the request', async (t) => {
    const task = agentTask('TASK_STATE_COMPLETED')
    const world = await openDelivery(t, { send: [[activates(KNOWN), { task }]] }, { card })
    const { told, onActivated } = listener()
    const options = { extensions: [KNOWN], onActivated, idempotencyKey: 'k' }

    await world.tasks.sendMessage(alice, 'echo', request('go'), options)
    await world.tasks.sendMessage(alice, 'echo', request('go'), options)

    assert.deepEqual(told, [[KNOWN], [KNOWN]])
  })

  it('are not spoken of when the agent names none', async (t) => {
    const world = await openDelivery(t, { send: [[working, completed]] }, { card })
    const { told, onActivated } = listener()

    await world.tasks.sendMessage(alice, 'echo', request('go'), { extensions: [KNOWN], onActivated })

    assert.deepEqual(told, [])
  })
})
