import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ParleyError } from '../../errors.ts'
import type { StreamFrame } from '../../tasks/tasks.ts'
import { type Ask, describeBothWays } from '../http/both-ways.case.ts'
import { holdingStream } from '../http/held-request.case.ts'
import { frames, post, type Script, scriptedApp, TASK } from '../http/scripted-app.case.ts'

const MESSAGE = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] }
const SEND = { jsonrpc: '2.0', id: 7, method: 'SendStreamingMessage', params: { message: MESSAGE } }
const SUBSCRIBE = { jsonrpc: '2.0', id: 7, method: 'SubscribeToTask', params: { id: 't' } }

const FIRST: StreamFrame = { seq: 1, event: `{"task":${TASK}}` }
const SECOND: StreamFrame = { seq: 2, event: '{"statusUpdate":{}}' }

/** Rejects with `error` once asked. */
const failing = (error: Error) => async (): Promise<never> => {
  throw error
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

const openBy = (ask: Ask, script: Script, body: unknown = SEND, headers: Record<string, string> = {}) =>
  ask(script, '/a2a/echo', post(body, headers))

describeBothWays('a stream over JSON-RPC', (ask) => {
  const open = (script: Script, body?: unknown, headers?: Record<string, string>) =>
    openBy(ask, script, body, headers)

  it('sends each event as a whole response, with its seq as id', async () => {
    const { response, calls } = await open({
      tasks: { sendStreamingMessage: async () => frames([FIRST, SECOND]) },
    })

    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), 'text/event-stream')
    assert.equal(response.headers.get('cache-control'), 'no-cache')
    assert.equal(response.headers.get('x-accel-buffering'), 'no')
    assert.equal(
      await response.text(),
      `id: 1\ndata: {"jsonrpc":"2.0","id":7,"result":{"task":${TASK}}}\n\n` +
        'id: 2\ndata: {"jsonrpc":"2.0","id":7,"result":{"statusUpdate":{}}}\n\n',
    )
    assert.deepEqual(
      calls.map(({ operation, status, error }) => [operation, status, error]),
      [['SendStreamingMessage', 200, undefined]],
    )
  })

  it('writes an event in one line, whatever lines its JSON has', async () => {
    const event = '{"message":\r\n{"a":\n1,\r"b":2}}'
    const { response } = await open({
      tasks: { sendStreamingMessage: async () => frames([{ seq: 1, event }]) },
    })

    const [id, data = '', ...more] = (await response.text()).trimEnd().split('\n')
    assert.deepEqual([id, more], ['id: 1', []])
    assert.deepEqual(JSON.parse(data.replace('data: ', '')).result, { message: { a: 1, b: 2 } })
  })

  it('leaves out the id of an event that has no seq', async () => {
    const { response } = await open({
      tasks: { sendStreamingMessage: async () => frames([{ event: '{"artifactUpdate":{}}' }]) },
    })

    assert.match(await response.text(), /^data: /)
  })

  it('answers plainly when it fails before the first event', async () => {
    const error = new ParleyError('task_not_found', 'Task not found')
    const atOpening = await open({ tasks: { subscribeToTask: failing(error) } }, SUBSCRIBE)
    const atFirst = await open(
      { tasks: { subscribeToTask: async () => frames([], failing(error)) } },
      SUBSCRIBE,
    )

    for (const { response } of [atOpening, atFirst]) {
      assert.equal(response.headers.get('content-type'), 'application/json')
      assert.equal(JSON.parse(await response.text()).error.code, -32001)
    }
  })

  it('ends with an error frame when it fails later', async () => {
    const error = new ParleyError('invalid_agent_response', 'Garbage')
    const { response, calls } = await open({
      tasks: { sendStreamingMessage: async () => frames([FIRST], failing(error)) },
    })

    const last = (await response.text()).trimEnd().split('\n\n').at(-1) ?? ''
    assert.equal(JSON.parse(last.replace('data: ', '')).error.code, -32006)
    assert.equal(calls[0]?.error?.code, 'invalid_agent_response')
  })

  it('is empty when there is nothing left to send', async () => {
    const { response } = await open({ tasks: { subscribeToTask: async () => frames([]) } }, SUBSCRIBE, {
      'last-event-id': '9',
    })

    assert.equal(response.status, 200)
    assert.equal(await response.text(), '')
  })

  it('sends headers and heartbeats while there is no event yet, and tells a later failure as a frame', async () => {
    const late = Promise.withResolvers<void>()
    const fail = async () => {
      await late.promise
      throw new ParleyError('agent_unavailable', 'Nobody there')
    }
    const { response } = await open({
      tasks: { sendStreamingMessage: async () => frames([], fail) },
      settings: { firstEventWaitMs: 1, heartbeatMs: 1 },
    })
    assert.equal(response.headers.get('content-type'), 'text/event-stream')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()

    assert.equal((await reader?.read())?.value, ': hb\n\n')
    assert.equal((await reader?.read())?.value, ': hb\n\n')
    late.resolve()
    let text = ''
    for (;;) {
      const next = await reader?.read()
      if (next === undefined || next.done) break
      text += next.value
    }
    assert.match(text, /data: .*"code":-32603.*AGENT_UNAVAILABLE/)
  })

  it('resumes a subscription after Last-Event-ID', async () => {
    const seen: unknown[] = []
    const script: Script = {
      tasks: {
        async subscribeToTask(_call, _agent, request) {
          seen.push(request)
          return frames([])
        },
      },
    }
    await open(script, SUBSCRIBE, { 'last-event-id': '3' })
    await open(script, SUBSCRIBE)

    assert.deepEqual(seen, [{ id: 't', afterSeq: 3 }, { id: 't' }])
    for (const bad of ['-1', '1.5', 'x', '1e3']) {
      const { response } = await open(script, SUBSCRIBE, { 'last-event-id': bad })
      assert.equal(JSON.parse(await response.text()).error.code, -32602)
    }
  })

  it('never sends again: Last-Event-ID on a send is refused, naming SubscribeToTask', async () => {
    for (const method of ['SendMessage', 'SendStreamingMessage']) {
      const { response } = await open({}, { ...SEND, method }, { 'last-event-id': '3' })

      const { error } = JSON.parse(await response.text())
      assert.equal(error.code, -32600)
      assert.match(error.message, /SubscribeToTask/)
    }
  })

  it('ends with STREAM_RESUME_REQUIRED and the last position when the gateway stops', async () => {
    let signal: AbortSignal | undefined
    const { response, shutdown } = await open({
      tasks: {
        async sendStreamingMessage(call) {
          signal = call.signal
          return Object.assign(
            frames([FIRST], () => untilAborted(call.signal)),
            { taskId: 't-1' },
          )
        },
      },
    })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    await reader?.read()

    const rest = reader?.read()
    shutdown.abort()
    const frame = JSON.parse(((await rest)?.value ?? '').replace('data: ', ''))
    assert.equal(frame.error.data[0].reason, 'STREAM_RESUME_REQUIRED')
    assert.equal(frame.error.data[0].metadata.lastEventId, '1')
    assert.equal(frame.error.data[0].metadata.taskId, 't-1')
    assert.equal((await reader?.read())?.done, true)
    assert.equal(signal?.aborted, true)
  })

  it('holds nothing of the request while it is open', async () => {
    const { tasks, assertForgotten } = holdingStream()
    const { response } = await open({ tasks })
    const reader = response.body?.getReader()
    await reader?.read()

    await assertForgotten().finally(() => reader?.cancel())
  })

  it('releases the source at once when its reader leaves a quiet stream', async () => {
    const released = Promise.withResolvers<void>()
    async function* source(signal: AbortSignal): AsyncGenerator<StreamFrame> {
      try {
        yield FIRST
        await untilAborted(signal)
      } finally {
        released.resolve()
      }
    }
    const { response, calls } = await open({
      tasks: { sendStreamingMessage: async (call) => source(call.signal) },
    })
    const reader = response.body?.getReader()
    await reader?.read()

    await reader?.cancel()
    await released.promise
    assert.equal(calls[0]?.error, undefined)
  })
})

describe('a stream in process', () => {
  it('takes one event at a time from its source', async () => {
    let pulled = 0
    async function* source(): AsyncGenerator<StreamFrame> {
      for (;;) yield { seq: ++pulled, event: '{}' }
    }
    const { app } = scriptedApp({ tasks: { sendStreamingMessage: async () => source() } })
    const response = await app.request('/a2a/echo', post(SEND))
    const reader = response.body?.getReader()

    for (let read = 1; read <= 5; read++) {
      await reader?.read()
      assert.equal(pulled, read)
    }
    await reader?.cancel()
  })
})
