import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { eventually } from './eventually.ts'
import { at, numberAt, textAt } from './json-path.ts'
import { type Endpoint, envelope, errorOf, getTask, post, resultOf, rpc, userMessage } from './rpc.ts'
import { startWorld, type World } from './world.ts'

const TWENTY = Array.from({ length: 20 })

describe('an Idempotency-Key', { timeout: 180_000 }, () => {
  let world: World
  const opened = new AsyncDisposableStack()

  before(async () => {
    world = opened.use(await startWorld())
  })
  after(() => opened.disposeAsync())

  const timesAgentGot = async (messageId: string) =>
    (await world.agent.record()).filter((entry) => JSON.stringify(entry).includes(messageId)).length

  const totalOf = async (client: Endpoint) =>
    numberAt(resultOf(await rpc(client, 'ListTasks', {})), 'totalSize')

  /** One request, ready to be sent any number of times, byte for byte the same. */
  function request(text: string, configuration: Readonly<Record<string, unknown>> = {}) {
    const message = userMessage(text)
    const body = envelope('SendMessage', { message, configuration })
    const headers = { 'idempotency-key': randomUUID() }
    return {
      messageId: message.messageId,
      headers,
      message,
      send: (client: Endpoint) => post(client, body, headers),
    }
  }

  for (const [how, text, configuration] of [
    ['returning immediately', 'slow 300', { returnImmediately: true }],
    ['blocking', 'slow 300', {}],
    ['blocking until a question', 'input', {}],
  ] as const) {
    test(`makes one task of twenty concurrent sends ${how}`, async () => {
      const client = await world.client(`twenty-${how.replaceAll(' ', '-')}`)
      const one = request(text, configuration)
      const replies = await Promise.all(TWENTY.map(() => one.send(client)))
      const texts = new Set(replies.map((reply) => reply.text))
      assert.equal(texts.size, 1, [...texts].join('\n').slice(0, 4000))
      const id = textAt(resultOf(replies[0] ?? assert.fail()), 'task', 'id')
      assert.equal(await totalOf(client), 1)
      await eventually('the agent answered', async () => {
        const state = textAt(await getTask(client, id), 'status', 'state')
        return /COMPLETED|INPUT_REQUIRED/.test(state) ? true : undefined
      })
      assert.equal(await timesAgentGot(one.messageId), 1)
      assert.equal((await one.send(client)).text, replies[0]?.text)
    })
  }

  test('replays a plain Message', async () => {
    const client = await world.client('replays-message')
    const one = request('message only once')
    const replies = await Promise.all(TWENTY.map(() => one.send(client)))
    assert.equal(new Set(replies.map((reply) => reply.text)).size, 1)
    assert.ok(at(replies[0]?.body, 'result', 'message') !== undefined, replies[0]?.text)
    assert.equal(await timesAgentGot(one.messageId), 1)
    assert.equal(await totalOf(client), 0)
  })

  test('replays the answer under the id of the new request', async () => {
    const client = await world.client('replays-id')
    const { headers, message } = request('echo once')
    const first = await rpc(client, 'SendMessage', { message }, { headers, id: 'first' })
    const second = await rpc(client, 'SendMessage', { message }, { headers, id: 'second' })
    assert.equal(at(second.body, 'id'), 'second')
    assert.deepEqual(resultOf(second), resultOf(first))
  })

  test('refuses another request under the same key', async () => {
    const client = await world.client('conflict')
    const { headers, message } = request('echo original')
    await rpc(client, 'SendMessage', { message }, { headers })
    for (const other of [{ ...message, parts: [{ text: 'echo other' }] }, userMessage('echo original')]) {
      const refused = errorOf(await rpc(client, 'SendMessage', { message: other }, { headers }))
      assert.equal(refused.code, -32600)
      assert.equal(refused.reason, 'IDEMPOTENCY_CONFLICT')
    }
    assert.equal(await totalOf(client), 1)
  })

  test('is needed for a messageId to be used once: without it each send is a task', async () => {
    const client = await world.client('same-message-id')
    const params = { message: userMessage('echo again') }
    const first = textAt(resultOf(await rpc(client, 'SendMessage', params)), 'task', 'id')
    const second = textAt(resultOf(await rpc(client, 'SendMessage', params)), 'task', 'id')
    assert.notEqual(first, second)
  })

  test('holds over a crash and a restart, finished or not', async () => {
    const client = await world.client('crash')
    const finished = request('echo before the crash')
    const running = request('slow 1500', { returnImmediately: true })
    const before = await finished.send(client)
    const early = await running.send(client)
    await eventually('the agent works', async () =>
      (await timesAgentGot(running.messageId)) === 1 ? true : undefined,
    )
    await world.parley.kill('SIGKILL')
    await world.parley.restart()
    const replies = await Promise.all(TWENTY.map(() => running.send(client)))
    for (const reply of replies) assert.equal(reply.text, early.text)
    assert.equal((await finished.send(client)).text, before.text)
    assert.equal(await totalOf(client), 2)
    assert.equal(await timesAgentGot(running.messageId), 1)
    assert.equal(await timesAgentGot(finished.messageId), 1)
  })
})
