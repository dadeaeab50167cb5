import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SendMessageRequest } from '../a2a/requests.ts'
import { alice, atOnce, eventOf, framesOf, gist, request, taskOf } from '../tasks/open-tasks.case.ts'
import { AgentFailure } from './agent-client.ts'
import {
  agentMessage,
  agentTask,
  artifactsOf,
  chunk,
  completed,
  gate,
  getTask,
  isOver,
  openDelivery,
  reasonOf,
  said,
  working,
} from './open-delivery.case.ts'

const sent = (about: string) => JSON.parse(about) as SendMessageRequest

describe('a delivery', () => {
  for (const isLocal of [true, false]) {
    it(`streams what the agent says, ${isLocal ? 'leased at birth' : 'leased from the queue'}`, async (t) => {
      const script = { send: [[working, chunk('a', 'x'), chunk('a', 'y', true), completed]] }
      const world = await openDelivery(t, script, { isLocal })

      const frames = await framesOf(await world.tasks.sendStreamingMessage(alice, 'echo', request('go'), {}))

      const expected = ['1 task SUBMITTED', '2 WORKING', '3 a:x', '4 a:y', '5 COMPLETED']
      assert.deepEqual(frames.map(gist), expected)
      assert.doesNotMatch(frames.map(({ event }) => event).join(), /"a[tc]-1"/)
      const id = eventOf(frames[0]).task?.id ?? ''
      assert.equal(eventOf(frames.at(-1)).statusUpdate?.status.message?.taskId, id)
      await world.untilEnded(1)
      assert.deepEqual(world.unexpected, [])
    })
  }

  it('takes the single answer of an agent that does not stream', async (t) => {
    const task = agentTask('TASK_STATE_COMPLETED', {
      artifacts: [{ artifactId: 'a', parts: [{ text: 'x' }] }],
      metadata: { cost: 1 },
    })
    const world = await openDelivery(t, { send: [[{ task }]] }, { card: { capabilities: {} } })

    const answer = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(answer.status.state, 'TASK_STATE_COMPLETED')
    assert.deepEqual(artifactsOf(answer), ['a:x'])
    assert.deepEqual(answer.metadata, { cost: 1 })
    assert.equal(world.agentClient.calls[0]?.target.streaming, false)
  })

  it('tells the agent nothing of our ids, and passes everything else on untouched', async (t) => {
    const world = await openDelivery(t, { send: [[working, completed]] })
    const text =
      '{"message":{"messageId":"m","role":"ROLE_USER","contextId":"mine","parts":[{"data":{"n":1.0,"z":1,"a":2}}],"metadata":{"k":12345678901234567890}},"metadata":{"m":1e2},"configuration":{"acceptedOutputModes":["text/plain"],"historyLength":3,"returnImmediately":true}}'
    const call = { ...alice, traceparent: '00-1-2-01' }

    await world.tasks.sendMessage(call, 'echo', { value: JSON.parse(text), text }, {})
    const { about, traceparent } = await world.agentClient.called('send')

    assert.equal(
      about,
      '{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"data":{"n":1.0,"z":1,"a":2}}],"metadata":{"k":12345678901234567890}},"configuration":{"acceptedOutputModes":["text/plain"]},"metadata":{"m":1e2}}',
    )
    assert.equal(traceparent, '00-1-2-01')
    await world.until(isOver)
  })

  it('tells the agent its own context and the tasks it knows', async (t) => {
    const world = await openDelivery(t, {
      send: [[working, completed], [{ task: agentTask('TASK_STATE_COMPLETED', { id: 'at-2' }) }]],
    })
    const first = taskOf(await world.tasks.sendMessage(alice, 'echo', request('one'), {}))
    const message = { contextId: first.contextId ?? '', referenceTaskIds: [first.id] }

    await world.tasks.sendMessage(alice, 'echo', request('two', { message }), {})

    const { about } = await world.agentClient.called('send', 2)
    assert.equal(sent(about).message.contextId, 'ac-1')
    assert.deepEqual(sent(about).message.referenceTaskIds, ['at-1'])
    assert.equal(sent(about).message.taskId, undefined)
  })

  it('shows our ids where the agent refers to its task, in messages of the history too', async (t) => {
    const history = [
      agentMessage('earlier', { taskId: 'at-1', contextId: 'ac-1', referenceTaskIds: ['at-1', 'else'] }),
    ]
    const world = await openDelivery(t, {
      send: [[{ task: agentTask('TASK_STATE_COMPLETED', { history }) }]],
    })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    const shown = task.history?.find(({ role }) => role === 'ROLE_AGENT')
    assert.equal(shown?.taskId, task.id)
    assert.equal(shown?.contextId, task.contextId)
    assert.deepEqual(shown?.referenceTaskIds, [task.id, 'else'])
  })

  it('keeps the time the agent told in metadata and shows the time of the log', async (t) => {
    const status = { state: 'TASK_STATE_COMPLETED' as const, timestamp: '2001-01-01T00:00:00Z' }
    const world = await openDelivery(t, { send: [[working, { statusUpdate: { taskId: 'at-1', status } }]] })

    const frames = await framesOf(await world.tasks.sendStreamingMessage(alice, 'echo', request('go'), {}))

    const { statusUpdate } = eventOf(frames.at(-1))
    assert.match(statusUpdate?.status.timestamp ?? '', /^2025-/)
    assert.deepEqual(Object.values(statusUpdate?.metadata ?? {}), ['2001-01-01T00:00:00Z'])
  })

  it('ignores what an agent says after the end', async (t) => {
    const late = [
      working,
      completed,
      chunk('late', 'x'),
      said('TASK_STATE_WORKING'),
      said('TASK_STATE_FAILED'),
    ]
    const world = await openDelivery(t, { send: [late] })

    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))
    await world.untilEnded(1)

    const task = await getTask(world, id)
    assert.equal(task.status.state, 'TASK_STATE_COMPLETED')
    assert.equal(task.artifacts, undefined)
  })
})

describe('an agent that answers with a message', () => {
  it('has given the answer while nothing is decided', async (t) => {
    const world = await openDelivery(t, {
      send: [[{ message: agentMessage('Hi', { contextId: 'ac-9', x: 1 }) }]],
    })

    const answer = JSON.parse(await world.tasks.sendMessage(alice, 'echo', request('go'), {})) as {
      message?: Record<string, unknown>
    }

    const { contextId, taskId, x } = answer.message ?? {}
    assert.deepEqual([typeof contextId, contextId === 'ac-9', taskId, x], ['string', false, undefined, 1])
    assert.equal((await world.tasks.list(alice, { limit: 9 })).total, 0)
  })

  it('completes a task that was decided to be one', async (t) => {
    const world = await openDelivery(t, { send: [[{ message: agentMessage('Hi') }]] })

    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
    await world.until(isOver)

    const { status } = await getTask(world, id)
    assert.equal(status.state, 'TASK_STATE_COMPLETED')
    assert.equal(status.message?.taskId, id)
    assert.deepEqual(status.message?.parts, [{ text: 'Hi' }])
  })

  it('completes the task that was made of the exchange when the client left', async (t) => {
    const { passed, open } = gate()
    const world = await openDelivery(
      t,
      { send: [[passed, { message: agentMessage('Hi') }]] },
      { limits: { maxWaitMs: 1 } },
    )
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    open()
    await world.until(isOver)

    assert.equal((await getTask(world, id)).status.state, 'TASK_STATE_COMPLETED')
  })

  it('has broken the rules when it had made a task', async (t) => {
    const world = await openDelivery(t, { send: [[working, { message: agentMessage('Hi') }]] })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(task.status.state, 'TASK_STATE_FAILED')
    assert.equal(reasonOf(task), 'INVALID_AGENT_RESPONSE')
  })

  it('keeps its context for the next message of the conversation', async (t) => {
    const world = await openDelivery(t, {
      send: [[{ message: agentMessage('Hi', { contextId: 'ac-9' }) }], [working, completed]],
    })
    const message = { contextId: 'mine' }
    await world.tasks.sendMessage(alice, 'echo', request('one', { message }), {})
    await world.tasks.sendMessage(alice, 'echo', request('two', { message }), {})

    const { about } = await world.agentClient.called('send', 2)
    assert.equal(sent(about).message.contextId, 'ac-9')
  })
})

describe('a delivery that fails', () => {
  const failed = async (t: Parameters<typeof openDelivery>[0], failure: AgentFailure) => {
    const world = await openDelivery(t, { send: [[failure]] })
    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))
    await world.untilEnded(1)
    return { world, task }
  }

  it('ends the task when the agent was not reached, saying so', async (t) => {
    const { task } = await failed(t, new AgentFailure('not_accepted', 'The agent cannot be reached'))

    assert.equal(task.status.state, 'TASK_STATE_FAILED')
    assert.equal(reasonOf(task), 'DELIVERY_FAILED')
    assert.match(task.status.message?.parts[0]?.text ?? '', /cannot be reached/)
  })

  it('ends the task when the agent refused the message', async (t) => {
    const { task } = await failed(
      t,
      new AgentFailure('refused', 'No', { code: 'content_type_not_supported' }),
    )

    assert.equal(reasonOf(task), 'DELIVERY_FAILED')
  })

  it('ends the task when the agent answers what A2A does not allow', async (t) => {
    const { task } = await failed(t, new AgentFailure('invalid', 'Not JSON'))

    assert.equal(reasonOf(task), 'INVALID_AGENT_RESPONSE')
  })

  it('ends the task when the exchange ends without an answer', async (t) => {
    const world = await openDelivery(t, { send: [[]] })

    assert.equal(
      reasonOf(taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))),
      'INVALID_AGENT_RESPONSE',
    )
  })

  it('ends the task when the agent speaks of another one', async (t) => {
    const other = { statusUpdate: { taskId: 'at-2', status: { state: 'TASK_STATE_COMPLETED' as const } } }
    const world = await openDelivery(t, { send: [[working, other]] })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(reasonOf(task), 'INVALID_AGENT_RESPONSE')
  })

  it('ends the task when nothing is known of the agent', async (t) => {
    const world = await openDelivery(t, {}, { isLocal: false })
    Object.assign(world.registry, { findForDelivery: async () => undefined })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
    const head = await world.until(isOver)

    const stored = await world.deps.store.readEvents(head.id, { kinds: ['status'] })
    assert.match(stored.at(-1)?.body ?? '', /AGENT_GONE/)
    assert.equal(head.id, id)
  })

  it('leaves nothing on the queue but the end of retention', async (t) => {
    const { world, task } = await failed(t, new AgentFailure('not_accepted', 'No'))

    const at = Number.MAX_SAFE_INTEGER
    const rest = await world.backend.work.lease({
      kinds: ['send', 'cancel', 'deadline'],
      limit: 9,
      now: at,
      leaseMs: 1,
      busyLanes: [],
    })
    assert.deepEqual(
      rest.map(({ kind, key }) => [kind, key]),
      [['deadline', task.id]],
    )
    assert.equal(rest[0]?.dueAt, Date.parse(task.status.timestamp ?? '') + world.deps.limits.retentionMs)
  })
})

describe('a send of which nobody knows whether it was accepted', () => {
  const unknown = new AgentFailure('unknown', 'The connection broke')

  it('fails under at-most-once, and is not sent again', async (t) => {
    const world = await openDelivery(t, { send: [[unknown], [working, completed]] })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))
    await world.untilEnded(1)

    assert.equal(reasonOf(task), 'OUTCOME_UNKNOWN')
    assert.equal(world.agentClient.calls.length, 1)
  })

  it('is sent again with the same messageId under at-least-once', async (t) => {
    const world = await openDelivery(
      t,
      { send: [[unknown], [working, completed]] },
      { redelivery: 'at-least-once' },
    )
    const answer = world.tasks.sendMessage(alice, 'echo', request('go'), {})
    await world.untilEnded(1)
    world.pass(60_000)

    assert.equal(taskOf(await answer).status.state, 'TASK_STATE_COMPLETED')
    const messages = world.agentClient.calls.map(({ about }) => sent(about).message.messageId)
    assert.deepEqual(messages, ['m-go', 'm-go'])
  })

  it('counts as accepted when the agent showed its task before the connection broke', async (t) => {
    const world = await openDelivery(t, {
      send: [[working, unknown]],
      subscribe: [[working, completed]],
    })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(task.status.state, 'TASK_STATE_COMPLETED')
    assert.deepEqual(
      world.agentClient.calls.map(({ method }) => method),
      ['send', 'subscribe'],
    )
  })
})
