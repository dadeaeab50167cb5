import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { eventually } from './eventually.ts'
import { at, listAt, numberAt, parsed, textAt } from './json-path.ts'
import {
  artifactText,
  type Endpoint,
  errorOf,
  getTask,
  native,
  resultOf,
  rpc,
  send,
  sendNoWait,
} from './rpc.ts'
import { openStream, payload } from './sse.ts'
import { startWorld, type World } from './world.ts'

const NEVER_EXISTED = '0190a0a0-0000-7000-8000-00000000dead'
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

describe('a task', { timeout: 180_000 }, () => {
  let world: World
  let client: Required<Endpoint>
  const opened = new AsyncDisposableStack()

  before(async () => {
    world = opened.use(await startWorld())
    client = await world.client('semantics')
  })
  after(() => opened.disposeAsync())

  const list = async (endpoint: Endpoint, params: Readonly<Record<string, unknown>> = {}) =>
    resultOf(await rpc(endpoint, 'ListTasks', params))

  const idsOf = (result: unknown) => listAt(result, 'tasks').map((task) => textAt(task, 'id'))

  /** A task whose history holds the question, what the agent asked and the answer. */
  async function conversation(endpoint: Endpoint): Promise<string> {
    const id = textAt(await send(endpoint, 'input'), 'task', 'id')
    await send(endpoint, 'the answer', { message: { taskId: id } })
    return id
  }

  test('shows at most the n most recent messages, and none for 0', async () => {
    const own = await world.client('history')
    const id = await conversation(own)
    const whole = listAt(await getTask(own, id), 'history')
    assert.ok(whole.length >= 2, JSON.stringify(whole))
    assert.equal(at(await getTask(own, id, { historyLength: 0 }), 'history'), undefined)
    assert.deepEqual(listAt(await getTask(own, id, { historyLength: 1 }), 'history'), whole.slice(-1))
    assert.deepEqual(listAt(await getTask(own, id, { historyLength: 2 }), 'history'), whole.slice(-2))
    assert.deepEqual(listAt(await getTask(own, id, { historyLength: 1000 }), 'history'), whole)
    assert.equal(at(await list(own, { historyLength: 0 }), 'tasks', 0, 'history'), undefined)
    const listed = await list(own, { historyLength: 1 })
    assert.deepEqual(listAt(listed, 'tasks', 0, 'history'), whole.slice(-1))
    const sent = await send(own, 'echo x', { configuration: { historyLength: 0 } })
    assert.equal(at(sent, 'task', 'history'), undefined)
  })

  test('shows artifacts in a list only when asked', async () => {
    const own = await world.client('artifacts')
    await send(own, 'echo with artifact')
    const without = listAt(await list(own), 'tasks')[0]
    assert.ok(without !== undefined && !Object.hasOwn(Object(without), 'artifacts'))
    const within = listAt(await list(own, { includeArtifacts: true }), 'tasks')[0]
    assert.match(artifactText(within), /with artifact/)
  })

  test('has timestamps in UTC with milliseconds', async () => {
    const sent = await send(client, 'echo x')
    assert.match(textAt(sent, 'task', 'status', 'timestamp'), TIMESTAMP)
  })

  test('is listed by the time of its status, newest first, and found by every filter', async () => {
    const own = await world.client('filters')
    const contextId = randomUUID()
    const first = textAt(await send(own, 'echo 1', { message: { contextId } }), 'task', 'id')
    const asked = textAt(await send(own, 'input'), 'task', 'id')
    const failed = textAt(await send(own, 'fail'), 'task', 'id')
    const last = textAt(await send(own, 'echo 2', { message: { contextId } }), 'task', 'id')
    assert.deepEqual(idsOf(await list(own)), [last, failed, asked, first])
    assert.deepEqual(idsOf(await list(own, { contextId })), [last, first])
    assert.deepEqual(idsOf(await list(own, { status: 'TASK_STATE_FAILED' })), [failed])
    assert.deepEqual(idsOf(await list(own, { status: 'TASK_STATE_COMPLETED', contextId })), [last, first])
    assert.equal(numberAt(await list(own, { contextId, pageSize: 1 }), 'totalSize'), 2)
    await send(own, 'more', { message: { taskId: asked } })
    assert.deepEqual(idsOf(await list(own)), [asked, last, failed, first])

    const since = textAt(await getTask(own, failed), 'status', 'timestamp')
    assert.deepEqual(idsOf(await list(own, { statusTimestampAfter: since })), [asked, last, failed])
    const far = { statusTimestampAfter: '2999-01-01T00:00:00.000Z' }
    assert.deepEqual(await list(own, far), { tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 })
  })

  test('appears once in pages that are read while others are made', async () => {
    const own = await world.client('paging')
    const known: string[] = []
    for (const n of [1, 2, 3, 4, 5, 6]) known.push(textAt(await send(own, `echo ${n}`), 'task', 'id'))
    const seen: string[] = []
    let pageToken = ''
    do {
      const page = await list(own, { pageSize: 2, ...(pageToken === '' ? {} : { pageToken }) })
      seen.push(...idsOf(page))
      pageToken = textAt(page, 'nextPageToken')
      await send(own, 'echo newer')
    } while (pageToken !== '')
    assert.deepEqual(seen, known.toReversed())
  })

  test('that is finished takes no message; an unknown one is not found', async () => {
    const sent = await send(client, 'echo x')
    const taskId = textAt(sent, 'task', 'id')
    const message = { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text: 'echo more' }] }
    for (const method of ['SendMessage', 'SendStreamingMessage']) {
      const terminal = errorOf(await rpc(client, method, { message: { ...message, taskId } }))
      assert.deepEqual([terminal.code, terminal.reason], [-32004, 'UNSUPPORTED_OPERATION'])
      const unknown = errorOf(await rpc(client, method, { message: { ...message, taskId: NEVER_EXISTED } }))
      assert.deepEqual([unknown.code, unknown.reason], [-32001, 'TASK_NOT_FOUND'])
    }
    assert.deepEqual(await getTask(client, taskId), at(sent, 'task'))
  })

  test('gives a follow-up its context and refuses another one', async () => {
    const asked = await send(client, 'input')
    const taskId = textAt(asked, 'task', 'id')
    const message = { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text: 'blue' }], taskId }
    const mismatch = await rpc(client, 'SendMessage', { message: { ...message, contextId: randomUUID() } })
    assert.equal(errorOf(mismatch).code, -32602)
    const state = at(await getTask(client, taskId), 'status', 'state')
    assert.equal(state, 'TASK_STATE_INPUT_REQUIRED')
    const done = resultOf(await rpc(client, 'SendMessage', { message }))
    assert.equal(at(done, 'task', 'id'), taskId)
    assert.equal(at(done, 'task', 'contextId'), at(asked, 'task', 'contextId'))
    const history = listAt(done, 'task', 'history')
    assert.equal(
      at(history.at(-1), 'contextId') ?? at(asked, 'task', 'contextId'),
      at(asked, 'task', 'contextId'),
    )
  })

  test('keeps the context its client chose, and the agent sees one context for all of it', async () => {
    const own = await world.client('context')
    const contextId = `my context ${randomUUID()}`
    const tell = async (messageId: string, more: Readonly<Record<string, unknown>>) =>
      at(await send(own, 'echo context', { message: { messageId, ...more } }), 'task')
    const one = await tell('context-1', { contextId })
    const two = await tell('context-2', { contextId })
    await tell('context-3', { contextId })
    const elsewhere = await tell('context-4', {})
    assert.equal(at(one, 'contextId'), contextId)
    assert.equal(at(two, 'contextId'), contextId)
    assert.notEqual(at(elsewhere, 'contextId'), contextId)
    assert.notEqual(at(one, 'id'), at(two, 'id'))
    const record = await world.agent.record()
    const contextAtAgent = (messageId: string) =>
      at(
        record.find((entry) => at(entry, 'messageId') === messageId),
        'contextId',
      )
    const theirs = contextAtAgent('context-2')
    assert.equal(typeof theirs, 'string')
    assert.equal(contextAtAgent('context-3'), theirs)
    assert.ok([null, theirs].some((expected) => contextAtAgent('context-1') === expected))
    assert.notEqual(contextAtAgent('context-4'), theirs)
  })

  test('leaves its messages in the history of its context, in their order', async () => {
    const own = await world.client('context-history')
    const contextId = randomUUID()
    await send(own, 'echo alpha', { message: { contextId } })
    await send(own, 'message beta', { message: { contextId } })
    await send(own, 'echo gamma', { message: { contextId } })
    const { url } = world.parley
    const contexts = await native(own.key, 'GET', `${url}/contexts`)
    assert.equal(contexts.status, 200, contexts.text)
    assert.equal(listAt(contexts.body, 'items').length, 1)
    assert.ok(contexts.text.includes(contextId))
    const history = await native(own.key, 'GET', `${url}/contexts/${contextId}/history`)
    assert.equal(history.status, 200, history.text)
    const places = ['echo alpha', 'message beta', 'echo gamma'].map((text) => history.text.indexOf(text))
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    )
    assert.ok(!places.includes(-1), history.text)
  })

  test('has a log whose events follow each other without a gap, in time order', async () => {
    const id = textAt(await send(client, 'stream 8 1'), 'task', 'id')
    const { url } = world.parley
    const pages: unknown[] = []
    let cursor: unknown
    do {
      const query = typeof cursor === 'string' ? `&cursor=${encodeURIComponent(cursor)}` : ''
      const page = await native(client.key, 'GET', `${url}/tasks/${id}/events?limit=3${query}`)
      assert.equal(page.status, 200, page.text)
      pages.push(...listAt(page.body, 'items'))
      cursor = at(page.body, 'nextCursor')
    } while (typeof cursor === 'string' && cursor !== '')
    assert.deepEqual(
      pages.map((event) => numberAt(event, 'seq')),
      pages.map((_, index) => index + 1),
    )
    const times = pages.map((event) => Date.parse(textAt(event, 'at')))
    for (const [index, time] of times.entries()) assert.ok(index === 0 || time > (times[index - 1] ?? 0))
  })

  test('grows its artifact by appending, and a replacement leaves only the last', async () => {
    const streamed = await openStream(client, 'SendStreamingMessage', {
      message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text: 'stream 5 1' }] },
    })
    const updates = (await streamed.rest()).map((event) => at(payload(event), 'result'))
    const chunks = updates.flatMap((update) => {
      const parts = at(update, 'artifactUpdate', 'artifact', 'parts')
      return Array.isArray(parts) ? parts.map((part) => textAt(part, 'text')) : []
    })
    const grown = await getTask(client, textAt(updates[0], 'task', 'id'))
    assert.equal(artifactText(grown), chunks.join(''))
    assert.equal(listAt(grown, 'artifacts').length, 1)
    assert.deepEqual(
      listAt(grown, 'artifacts', 0, 'parts').map((part) => textAt(part, 'text')),
      chunks,
    )
    const replaced = at(await send(client, 'replace 10 1000'), 'task')
    assert.equal(listAt(replaced, 'artifacts').length, 1)
    const parts = listAt(replaced, 'artifacts', 0, 'parts')
    assert.equal(parts.length, 1, JSON.stringify(parts).slice(0, 300))
  })

  test('carries data and files whole', async () => {
    const data = at(await send(client, 'data'), 'task')
    assert.ok(JSON.stringify(listAt(data, 'artifacts')).includes('"data":'))
    const file = at(await send(client, 'file'), 'task')
    assert.match(JSON.stringify(listAt(file, 'artifacts')), /"raw":|"url":/)
  })

  test('canceled before it ends is CANCELED for every reader', async () => {
    const id = textAt(await sendNoWait(client, 'slow 60000'), 'task', 'id')
    const canceled = resultOf(await rpc(client, 'CancelTask', { id }))
    assert.equal(at(canceled, 'id'), id)
    await eventually('the task is canceled', async () =>
      at(await getTask(client, id), 'status', 'state') === 'TASK_STATE_CANCELED' ? true : undefined,
    )
  })

  test('that an agent will not cancel stays as it is', async () => {
    const id = textAt(await sendNoWait(client, 'stubborn 1500'), 'task', 'id')
    await eventually('the agent works', async () =>
      at(await getTask(client, id), 'status', 'state') === 'TASK_STATE_WORKING' ? true : undefined,
    )
    await rpc(client, 'CancelTask', { id })
    const end = await eventually('the task ends', async () => {
      const state = textAt(await getTask(client, id), 'status', 'state')
      return /WORKING|SUBMITTED/.test(state) ? undefined : state
    })
    assert.equal(end, 'TASK_STATE_COMPLETED')
  })

  test('of an agent that answers garbage or an HTTP error fails with a clear message', async () => {
    for (const text of ['garbage', 'status 500', 'status 401']) {
      const reply = await rpc(client, 'SendMessage', {
        message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text }] },
      })
      const task = at(resultOf(reply), 'task')
      assert.equal(at(task, 'status', 'state'), 'TASK_STATE_FAILED', `${text}: ${reply.text}`)
      assert.ok(listAt(task, 'status', 'message', 'parts').length > 0)
      assert.doesNotMatch(reply.text, /node_modules|\.ts:\d+|\.js:\d+/)
    }
  })

  test('reads the same by the native API as over A2A', async () => {
    const id = textAt(await send(client, 'echo both'), 'task', 'id')
    const { url } = world.parley
    const own = await native(client.key, 'GET', `${url}/tasks/${id}`)
    assert.equal(own.status, 200, own.text)
    assert.ok(own.text.includes('both'))
    assert.equal(at(parsed(own.text), 'id') ?? at(parsed(own.text), 'task', 'id'), id)
  })
})
