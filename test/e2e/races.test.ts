import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { eventually } from './eventually.ts'
import { at, listAt, numberAt, textAt } from './json-path.ts'
import { type Endpoint, errorOf, getTask, resultOf, rpc, send, sendNoWait, userMessage } from './rpc.ts'
import { payload, readStream } from './sse.ts'
import { startWorld, type World } from './world.ts'

const times = <T>(count: number, make: (n: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, n) => make(n))

describe('callers at the same moment', { timeout: 180_000 }, () => {
  let world: World
  let client: Required<Endpoint>
  const opened = new AsyncDisposableStack()

  before(async () => {
    world = opened.use(await startWorld())
    client = await world.client('races')
  })
  after(() => opened.disposeAsync())

  const stateOf = async (id: string) => textAt(await getTask(client, id), 'status', 'state')

  const ended = (id: string) =>
    eventually(`${id} ends`, async () => {
      const state = await stateOf(id)
      return /COMPLETED|CANCELED|FAILED|REJECTED/.test(state) ? state : undefined
    })

  test('cancel a task that is about to complete: one end wins, and everybody is told the same', async () => {
    const outcomes = new Set<string>()
    await Promise.all(
      times(24, async (n) => {
        // The last one cannot complete before it is canceled, however slow the machine is.
        const id = textAt(await sendNoWait(client, `slow ${n === 23 ? 60_000 : n * 25}`), 'task', 'id')
        const replies = await Promise.all(times(2, () => rpc(client, 'CancelTask', { id })))
        const end = await ended(id)
        for (const reply of replies) {
          const told = at(reply.body, 'result', 'status', 'state')
          if (told === undefined) assert.equal(errorOf(reply).code, -32002, reply.text)
          else if (/COMPLETED|CANCELED|FAILED/.test(String(told))) assert.equal(told, end)
        }
        assert.match(end, /COMPLETED|CANCELED/)
        outcomes.add(end)
        assert.equal(await stateOf(id), end)
      }),
    )
    assert.ok(outcomes.has('TASK_STATE_CANCELED'), [...outcomes].join())
  })

  test('cancel one running task twenty times: it is canceled once', async () => {
    const id = textAt(await sendNoWait(client, 'slow 60000'), 'task', 'id')
    const replies = await Promise.all(times(20, () => rpc(client, 'CancelTask', { id })))
    for (const reply of replies) assert.equal(at(resultOf(reply), 'id'), id)
    assert.equal(await ended(id), 'TASK_STATE_CANCELED')
  })

  test('answer one question ten times: the agent gets what was accepted, and nothing fails inside', async () => {
    const own = await world.client('ten-answers')
    const id = textAt(await send(own, 'input'), 'task', 'id')
    const answers = times(10, (n) => `answer-${n}-${randomUUID()}`)
    const replies = await Promise.all(
      answers.map((messageId) =>
        rpc(own, 'SendMessage', { message: userMessage('blue', { taskId: id, messageId }) }),
      ),
    )
    const accepted = replies.filter((reply) => at(reply.body, 'result') !== undefined)
    assert.ok(accepted.length >= 1)
    for (const reply of replies) {
      if (at(reply.body, 'error') !== undefined) assert.equal(errorOf(reply).code, -32004, reply.text)
    }
    const task = await getTask(own, id)
    assert.equal(at(task, 'status', 'state'), 'TASK_STATE_COMPLETED')
    const got = (await world.agent.record()).filter((entry) => answers.includes(textAt(entry, 'messageId')))
    assert.ok(got.length >= 1)
    assert.equal(new Set(got.map((entry) => at(entry, 'messageId'))).size, got.length, 'each at most once')
    assert.equal(new Set(got.map((entry) => at(entry, 'taskId'))).size, 1)
  })

  test('stream under one Idempotency-Key: they follow one task', async () => {
    const own = await world.client('stream-key')
    const headers = { 'idempotency-key': randomUUID() }
    const message = userMessage('stream 5 20')
    const streams = await Promise.all(
      times(5, () => readStream(own, 'SendStreamingMessage', { message }, headers)),
    )
    const ids = streams.map((events) => textAt(payload(events[0]), 'result', 'task', 'id'))
    assert.equal(new Set(ids).size, 1)
    for (const events of streams) {
      assert.match(events.at(-1)?.data ?? '', /TASK_STATE_COMPLETED/)
      assert.deepEqual(events.slice(1), streams[0]?.slice(1))
    }
    assert.equal(numberAt(resultOf(await rpc(own, 'ListTasks', {})), 'totalSize'), 1)
    const got = (await world.agent.record()).filter((entry) => at(entry, 'messageId') === message.messageId)
    assert.equal(got.length, 1)
  })

  test('send into one context: each message is in its history once', async () => {
    const own = await world.client('one-context')
    const contextId = randomUUID()
    const replies = await Promise.all(
      times(20, (n) => rpc(own, 'SendMessage', { message: userMessage(`echo ${n}`, { contextId }) })),
    )
    const ids = replies.map((reply) => textAt(resultOf(reply), 'task', 'id'))
    assert.equal(new Set(ids).size, 20)
    for (const reply of replies) assert.equal(at(resultOf(reply), 'task', 'contextId'), contextId)
    const listed = resultOf(await rpc(own, 'ListTasks', { contextId, pageSize: 100 }))
    assert.deepEqual(
      listAt(listed, 'tasks')
        .map((task) => textAt(task, 'id'))
        .toSorted(),
      ids.toSorted(),
    )
    const record = (await world.agent.record()).slice(-20)
    const contexts = new Set(record.map((entry) => at(entry, 'contextId')).filter((id) => id !== null))
    assert.ok(contexts.size <= 1, `the agent saw ${contexts.size} contexts`)
  })
})
