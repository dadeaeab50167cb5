import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eventually } from './eventually.ts'
import { at, textAt } from './json-path.ts'
import {
  artifactText,
  type Endpoint,
  envelope,
  errorOf,
  getTask,
  headersFor,
  rpc,
  send,
  sendNoWait,
  userMessage,
} from './rpc.ts'
import { assertGapless, openStream, payload, readStream } from './sse.ts'
import { startWorld, type World } from './world.ts'

const NEVER_EXISTED = '0190a0a0-0000-7000-8000-00000000dead'

describe('a stream', { timeout: 90_000 }, () => {
  let world: World
  let client: Endpoint
  const opened = new AsyncDisposableStack()

  before(async () => {
    world = opened.use(await startWorld())
    client = await world.client('resume')
  })
  after(() => opened.disposeAsync())

  const stream = (text: string) => openStream(client, 'SendStreamingMessage', { message: userMessage(text) })
  const subscribe = (id: string, headers = {}) => openStream(client, 'SubscribeToTask', { id }, headers)

  test('has the headers of an event stream and is never compressed', async () => {
    const { response, rest } = await openStream(
      client,
      'SendStreamingMessage',
      { message: userMessage('stream 2 1') },
      { 'accept-encoding': 'gzip, br' },
    )
    assert.equal(response.status, 200)
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/)
    assert.match(response.headers.get('cache-control') ?? '', /no-cache/)
    assert.equal(response.headers.get('x-accel-buffering'), 'no')
    assert.equal(response.headers.get('content-encoding'), null)
    await rest()
  })

  test('starts with the task, numbers its events without a gap and ends at the terminal state', async () => {
    const events = await readStream(client, 'SendStreamingMessage', { message: userMessage('stream 6 5') })
    const first = payload(events[0])
    const id = textAt(first, 'result', 'task', 'id')
    assert.equal(at(first, 'id'), 1)
    assertGapless(events, Number(events[0]?.id))
    const last = payload(events.at(-1))
    assert.equal(at(last, 'result', 'statusUpdate', 'status', 'state'), 'TASK_STATE_COMPLETED')
    assert.equal(at(last, 'result', 'statusUpdate', 'taskId'), id)
    assert.equal(at(last, 'id'), 1)
  })

  test('cut after event n goes on with exactly the rest', async () => {
    const whole = await stream('stream 30 30')
    const first = (await whole.take(1))[0]
    const id = textAt(payload(first), 'result', 'task', 'id')
    const cutReader = await subscribe(id)
    const seen = await cutReader.take(4)
    cutReader.cut()
    const lastSeen = seen.at(-1)?.id ?? ''
    const resumed = await (await subscribe(id, { 'last-event-id': lastSeen })).rest()
    const all = [...(first === undefined ? [] : [first]), ...(await whole.rest())]
    assertGapless(all, Number(first?.id))
    assert.deepEqual(
      resumed,
      all.filter((event) => Number(event.id) > Number(lastSeen)),
    )
    assert.deepEqual(
      seen.slice(1),
      all.filter((event) => Number(event.id) > Number(seen[0]?.id) && Number(event.id) <= Number(lastSeen)),
    )
  })

  test('resumed after the task has ended gives exactly the rest, from every event on', async () => {
    const all = await readStream(client, 'SendStreamingMessage', { message: userMessage('stream 5 1') })
    const id = textAt(payload(all[0]), 'result', 'task', 'id')
    for (const event of all) {
      const resumed = await (await subscribe(id, { 'last-event-id': event.id })).rest()
      assert.deepEqual(
        resumed,
        all.filter((other) => Number(other.id) > Number(event.id)),
      )
    }
  })

  test('without Last-Event-ID begins with a snapshot whose id is its sequence number', async () => {
    const whole = await stream('stream 20 30')
    const head = await whole.take(6)
    const id = textAt(payload(head[0]), 'result', 'task', 'id')
    const late = await (await subscribe(id)).rest()
    const all = [...head, ...(await whole.rest())]
    const snapshot = late[0]
    assert.ok(at(payload(snapshot), 'result', 'task') !== undefined, snapshot?.data)
    assert.ok(Number(snapshot?.id) >= Number(head.at(-1)?.id))
    assertGapless(late, Number(snapshot?.id))
    assert.deepEqual(
      late.slice(1),
      all.filter((event) => Number(event.id) > Number(snapshot?.id)),
    )
  })

  test('is the same for all its readers, and one that leaves disturbs nobody', async () => {
    const whole = await stream('stream 20 30')
    const first = await whole.take(1)
    const id = textAt(payload(first[0]), 'result', 'task', 'id')
    const from = { 'last-event-id': first[0]?.id ?? '' }
    const readers = await Promise.all([1, 2, 3, 4].map(() => subscribe(id, from)))
    await readers[0]?.take(2)
    readers[0]?.cut()
    const [expected, ...others] = await Promise.all([whole, ...readers.slice(1)].map((each) => each.rest()))
    for (const other of others) assert.deepEqual(other, expected)
  })

  test('of nobody does not stop the task', async () => {
    const reader = await stream('stream 20 30')
    const id = textAt(payload(await reader.next()), 'result', 'task', 'id')
    reader.cut()
    await eventually('the task completes without a reader', async () => {
      const task = await getTask(client, id)
      return at(task, 'status', 'state') === 'TASK_STATE_COMPLETED' ? true : undefined
    })
  })

  test('stays open over a question and carries the answer', async () => {
    const asked = await send(client, 'input')
    const id = textAt(asked, 'task', 'id')
    const follower = await subscribe(id)
    const snapshot = payload(await follower.next())
    assert.equal(at(snapshot, 'result', 'task', 'status', 'state'), 'TASK_STATE_INPUT_REQUIRED')
    await send(client, 'green', { message: { taskId: id } })
    const last = payload((await follower.rest()).at(-1))
    assert.equal(at(last, 'result', 'statusUpdate', 'status', 'state'), 'TASK_STATE_COMPLETED')
  })

  test('of a finished task is refused without Last-Event-ID, and of an unknown one always', async () => {
    const id = textAt(await send(client, 'echo done'), 'task', 'id')
    const finished = await rpc(client, 'SubscribeToTask', { id })
    assert.equal(errorOf(finished).code, -32004)
    assert.equal(errorOf(finished).reason, 'UNSUPPORTED_OPERATION')
    assert.match(finished.headers.get('content-type') ?? '', /^application\/json/)
    for (const headers of [{}, { 'last-event-id': '1' }]) {
      const unknown = await rpc(client, 'SubscribeToTask', { id: NEVER_EXISTED }, { headers })
      assert.equal(errorOf(unknown).code, -32001)
    }
  })

  test('is never resumed by sending again', async () => {
    const before = (await world.agent.record()).length
    for (const method of ['SendMessage', 'SendStreamingMessage']) {
      const reply = await rpc(
        client,
        method,
        { message: userMessage('echo twice') },
        { headers: { 'last-event-id': '3' } },
      )
      assert.match(errorOf(reply).message, /SubscribeToTask/)
    }
    await send(client, 'echo after')
    assert.equal((await world.agent.record()).length, before + 1)
  })

  test('of an agent that drops its connection is completed by resuming, not by sending again', async () => {
    const before = (await world.agent.record()).length
    const events = await readStream(client, 'SendStreamingMessage', { message: userMessage('drop 3') })
    const id = textAt(payload(events[0]), 'result', 'task', 'id')
    assertGapless(events, Number(events[0]?.id))
    const last = payload(events.at(-1))
    assert.equal(at(last, 'result', 'statusUpdate', 'status', 'state'), 'TASK_STATE_COMPLETED')
    assert.equal(at(await getTask(client, id), 'status', 'state'), 'TASK_STATE_COMPLETED')
    assert.equal((await world.agent.record()).length, before + 1)
  })

  test('that Parley ends by stopping says so, and goes on after the restart', async () => {
    const reader = await stream('stream 60 50')
    const head = await reader.take(4)
    const id = textAt(payload(head[0]), 'result', 'task', 'id')
    const { code } = await world.parley.stop()
    const tail = await reader.rest()
    assert.equal(code, 0)
    assert.match(tail.at(-1)?.data ?? '', /STREAM_RESUME_REQUIRED/)
    const seen = [...head, ...tail.slice(0, -1)]
    await world.parley.restart()
    const resumed = await (await subscribe(id, { 'last-event-id': seen.at(-1)?.id ?? '' })).rest()
    assertGapless([...seen, ...resumed], Number(seen[0]?.id))
    const task = await getTask(client, id)
    assert.equal(at(task, 'status', 'state'), 'TASK_STATE_COMPLETED')
    const uninterrupted = await send(client, 'stream 60 0')
    assert.equal(artifactText(task), artifactText(at(uninterrupted, 'task')))
  })

  test('whose request is dropped before the answer still leaves a task behind', async () => {
    const own = await world.client('vanishes')
    const connection = new AbortController()
    const messageId = `vanish-${Date.now()}`
    const gone = fetch(own.url, {
      method: 'POST',
      headers: headersFor(own),
      body: envelope('SendMessage', { message: userMessage('slow 800', { messageId }) }),
      signal: connection.signal,
    })
    await eventually('the agent got it', async () =>
      JSON.stringify(await world.agent.record()).includes(messageId) ? true : undefined,
    )
    connection.abort()
    await assert.rejects(gone)
    const id = await eventually('the exchange became a task', async () => {
      const { body } = await rpc(own, 'ListTasks', {})
      const found = at(body, 'result', 'tasks', 0, 'id')
      return typeof found === 'string' ? found : undefined
    })
    await eventually('it completes', async () =>
      at(await getTask(own, id), 'status', 'state') === 'TASK_STATE_COMPLETED' ? true : undefined,
    )
    assert.equal(textAt(await sendNoWait(own, 'echo x'), 'task', 'status', 'state'), 'TASK_STATE_SUBMITTED')
  })
})
