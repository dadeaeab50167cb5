import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { Client, credentials, status } from '@grpc/grpc-js'
import { ParleyError } from '../../errors.ts'
import type { StreamFrame } from '../../tasks/tasks.ts'
import { holdingStream } from '../http/held-request.case.ts'
import { frames, TASK } from '../http/scripted-app.case.ts'
import { detailsOf, openStream, useGrpc, v0_3, v1 } from './scripted-grpc.case.ts'

const MESSAGE = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] }
const SNAPSHOT: StreamFrame = { seq: 1, event: `{"task":${TASK}}` }
const DONE: StreamFrame = {
  seq: 2,
  event: '{"statusUpdate":{"taskId":"task-1","contextId":"c","status":{"state":"TASK_STATE_COMPLETED"}}}',
}

const infoOf = (metadata: Parameters<typeof detailsOf>[0]) =>
  detailsOf(metadata)[0] as { reason: string; metadata: Record<string, string> }

/** Resolves once `signal` has aborted. */
const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

/** A stream that says `first`, then waits until nobody reads it any more. */
function quiet(first: readonly StreamFrame[]) {
  const begun = Promise.withResolvers<AbortSignal>()
  const released = Promise.withResolvers<void>()
  const subscribeToTask = async ({ signal }: { readonly signal: AbortSignal }) => {
    begun.resolve(signal)
    signal.addEventListener('abort', () => released.resolve(), { once: true })
    return Object.assign(
      frames(first, () => aborted(signal)),
      { taskId: 'task-1' },
    )
  }
  return { tasks: { subscribeToTask }, signal: begun.promise, released: released.promise }
}

/** A way to a port that can be cut. */
async function openProxy(port: number) {
  const sockets: Socket[] = []
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    sockets.push(near, far)
    for (const socket of [near, far]) socket.on('error', () => {})
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('a stream over gRPC', () => {
  const listen = useGrpc()

  it('sends its events in order, then ends well', async () => {
    const { open, calls } = await listen({
      tasks: { sendStreamingMessage: async () => frames([SNAPSHOT, DONE]) },
    })

    const stream = open(
      v1('SendStreamingMessage'),
      { message: MESSAGE },
      { metadata: { 'x-request-id': 'mine' } },
    )
    const events = await stream.take()

    assert.deepEqual(
      events,
      [SNAPSHOT, DONE].map(({ event }) => JSON.parse(event)),
    )
    assert.deepEqual((await stream.headers).get('x-request-id'), ['mine'])
    assert.equal((await stream.ended).code, status.OK)
    assert.deepEqual(
      calls.map(({ operation, status: told }) => [operation, told]),
      [['SendStreamingMessage', 0]],
    )
  })

  it('speaks 0.3 to those who do', async () => {
    const { open } = await listen({ tasks: { subscribeToTask: async () => frames([SNAPSHOT, DONE]) } })

    const events = await open(v0_3('TaskSubscription'), { name: 'tasks/task-1' }).take()

    assert.deepEqual(events.at(-1), {
      statusUpdate: {
        taskId: 'task-1',
        contextId: 'c',
        status: { state: 'TASK_STATE_COMPLETED' },
        final: true,
      },
    })
  })

  it('holds nothing of the request while it is open', async () => {
    const { tasks, assertForgotten } = holdingStream()
    const { open } = await listen({ tasks })
    const stream = open(v1('SendStreamingMessage'), { message: MESSAGE })
    await stream.take(1)

    await assertForgotten().finally(() => stream.call.cancel())
  })

  it('tells what fails before the first event as a plain status', async () => {
    const { open, calls } = await listen({
      tasks: {
        async subscribeToTask() {
          throw new ParleyError('task_not_found', 'Task not found')
        },
        async sendStreamingMessage() {
          return frames([], async () => {
            throw new ParleyError('agent_unavailable', 'The agent cannot be reached')
          })
        },
      },
    })

    const missing = open(v1('SubscribeToTask'), { id: 't' })
    const failed = open(v1('SendStreamingMessage'), { message: MESSAGE })

    assert.deepEqual(await missing.take(), [])
    const { code, details, metadata } = await missing.ended
    assert.deepEqual(
      [code, details, infoOf(metadata).reason],
      [status.NOT_FOUND, 'Task not found', 'TASK_NOT_FOUND'],
    )
    assert.equal((await failed.ended).code, status.UNAVAILABLE)
    assert.deepEqual(
      calls.map(({ error }) => error?.code),
      ['task_not_found', 'agent_unavailable'],
    )
  })

  it('tells what fails later as the status after its events', async () => {
    const { open, calls } = await listen({
      tasks: {
        subscribeToTask: async () =>
          frames([SNAPSHOT], async () => {
            throw new Error('secret')
          }),
      },
    })

    const stream = open(v1('SubscribeToTask'), { id: 't' })

    assert.equal((await stream.take()).length, 1)
    const { code, details } = await stream.ended
    assert.deepEqual([code, details], [status.INTERNAL, 'Internal error'])
    assert.deepEqual(
      calls.map(({ error }) => error?.code),
      ['internal'],
    )
  })

  it('fails by itself when protobuf cannot hold an event', async () => {
    const { open } = await listen({
      tasks: { subscribeToTask: async () => frames([SNAPSHOT, { seq: 2, event: '{"task":7}' }]) },
    })

    const stream = open(v1('SubscribeToTask'), { id: 't' })

    assert.equal((await stream.take()).length, 1)
    assert.equal((await stream.ended).code, status.INTERNAL)
  })

  it('hands on where a reader wants to go on', async () => {
    let given: unknown
    const { open } = await listen({
      tasks: {
        async subscribeToTask(_call, _agent, request) {
          given = request
          return frames([DONE])
        },
      },
    })

    await open(v1('SubscribeToTask'), { id: 't' }, { metadata: { 'last-event-id': '7' } }).take()

    assert.deepEqual(given, { id: 't', afterSeq: 7 })
  })

  it('sends its headers when there is no first event for a while', async () => {
    const { tasks, released } = quiet([])
    const { open } = await listen({ tasks, settings: { firstEventWaitMs: 1 } })

    const stream = open(v1('SubscribeToTask'), { id: 't' })

    assert.deepEqual((await stream.headers).get('x-request-id'), ['request-1'])
    stream.call.cancel()
    await released
  })

  it('lets everything go when the client cancels', async () => {
    const { tasks, signal, released } = quiet([SNAPSHOT])
    const { open, calls } = await listen({ tasks })
    const stream = open(v1('SubscribeToTask'), { id: 't' })
    await stream.take(1)
    assert.equal((await signal).aborted, false)

    stream.call.cancel()

    await released
    assert.equal((await stream.ended).code, status.CANCELLED)
    assert.deepEqual(
      calls.map(({ status: told, error }) => [told, error]),
      [[499, undefined]],
    )
  })

  it('lets everything go at the deadline', async () => {
    const { tasks, released } = quiet([SNAPSHOT])
    const { open } = await listen({ tasks })

    const stream = open(v1('SubscribeToTask'), { id: 't' }, { deadline: new Date(Date.now() + 200) })

    await released
    assert.equal((await stream.ended).code, status.DEADLINE_EXCEEDED)
  })

  it('lets everything go when the connection breaks', async () => {
    const { tasks, released } = quiet([SNAPSHOT])
    const { listener } = await listen({ tasks })
    await using proxy = await openProxy(Number(listener.address.split(':').at(-1)))
    const client = new Client(`127.0.0.1:${proxy.port}`, credentials.createInsecure())
    await openStream(client, v1('SubscribeToTask'), { id: 't' }).take(1)

    proxy.cut()

    await released
    client.close()
  })

  it('tells readers to subscribe again when the gateway stops, and where', async () => {
    const { tasks, released } = quiet([SNAPSHOT])
    const { open, shutdown } = await listen({ tasks })
    const stream = open(v1('SubscribeToTask'), { id: 't' })
    await stream.take(1)

    shutdown.abort()

    assert.deepEqual(await stream.take(), [])
    const { code, metadata } = await stream.ended
    assert.equal(code, status.UNAVAILABLE)
    const { reason, metadata: facts } = infoOf(metadata)
    assert.equal(reason, 'STREAM_RESUME_REQUIRED')
    assert.deepEqual([facts.taskId, facts.lastEventId], ['task-1', '1'])
    await released
  })

  it('names the task to those who are cut off before its first event', async () => {
    const { tasks, signal } = quiet([])
    const { open, shutdown } = await listen({ tasks })
    const stream = open(v1('SubscribeToTask'), { id: 't' })
    await signal

    shutdown.abort()

    const { code, metadata } = await stream.ended
    assert.deepEqual([code, infoOf(metadata).metadata.taskId], [status.UNAVAILABLE, 'task-1'])
  })

  it('takes no more from its source than the reader takes from it', async () => {
    const total = 400
    let produced = 0
    let isOver = false
    async function* large(): AsyncGenerator<StreamFrame> {
      for (let seq = 1; seq <= total; seq++) {
        produced++
        yield {
          seq,
          event: JSON.stringify({
            artifactUpdate: {
              taskId: 'task-1',
              contextId: 'c',
              artifact: { artifactId: 'a', parts: [{ text: 'x'.repeat(256 * 1024) }] },
            },
          }),
        }
      }
      isOver = true
    }
    const { open } = await listen({ tasks: { subscribeToTask: async () => large() } })
    const stream = open(v1('SubscribeToTask'), { id: 't' })
    // The library's client takes everything until it has been asked for the first message.
    await stream.take(1)
    let before = -1
    while (before !== produced) {
      before = produced
      await new Promise((resolve) => setTimeout(resolve, 50))
    }

    assert.ok(produced < 60, `${produced} of ${total} events were taken`)
    assert.equal((await stream.take()).length, total - 1)
    assert.equal(isOver, true)
  })

  it('lets a reader that stalls go at its deadline', async () => {
    async function* endless(): AsyncGenerator<StreamFrame> {
      try {
        for (let seq = 1; ; seq++)
          yield { seq, event: `{"task":${TASK.slice(0, -1)},"metadata":{"x":"${'x'.repeat(100_000)}"}}}` }
      } finally {
        released.resolve()
      }
    }
    const released = Promise.withResolvers<void>()
    const { open } = await listen({ tasks: { subscribeToTask: async () => endless() } })

    const stream = open(v1('SubscribeToTask'), { id: 't' }, { deadline: new Date(Date.now() + 300) })
    await stream.take(1)

    await released.promise
  })
})
