import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AgentFailure } from '../delivery/agent-client.ts'
import {
  ADA,
  answerEvents,
  answerJson,
  collect,
  type Exchange,
  openClient,
  openLoopbackServer,
  REQUEST_ID,
  rpcError,
  rpcResult,
  targetOf,
} from './loopback-server.case.ts'

const REQUEST =
  '{"tenant":"ours","message":{"messageId":"m","role":"ROLE_USER","parts":[{"data":{"b":1.0,"a":12345678901234567890}}]},"metadata":{ "z" : 1e2 }}'
const SENT = REQUEST.replace('"tenant":"ours",', '')
const TASK =
  '{ "id":"t/1", "status":{"state":"TASK_STATE_WORKING"}, "x": 1.0, "metadata":{"n":12345678901234567890} }'
const EVENTS = [
  `{"task":${TASK}}`,
  '{"statusUpdate":{"taskId":"t/1","status":{"state":"TASK_STATE_COMPLETED"},"later":{"b":1,"a":2.50}} }',
]
const MESSAGE = '{"message":{"messageId":"a","role":"ROLE_AGENT","parts":[{"text":"hi"}]}}'
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const never = new AbortController().signal
const texts = (events: readonly { readonly text: string }[]) => events.map(({ text }) => text)
const seen = ({ exchanges }: { readonly exchanges: readonly Exchange[] }) =>
  exchanges.map(({ request }) => `${request.method} ${request.url}`)

describe('calling an agent over JSON-RPC', () => {
  test('streams events with the text the agent wrote', async () => {
    await using server = await openLoopbackServer((exchange) =>
      answerEvents(exchange, ...EVENTS.map((event) => rpcResult(event))),
    )
    await using client = openClient()
    const target = targetOf(`${server.url}/a2a/?k=v`, { tenant: 'acme' })
    const events = await collect(
      client.send(target, REQUEST, { signal: never, onBehalfOf: ADA, traceparent: TRACEPARENT }),
    )
    assert.deepEqual(texts(events), [EVENTS[0], EVENTS[1]?.trim()])
    assert.equal(events[0]?.value.task?.id, 't/1')
    const { request, body } = server.exchanges[0] ?? assert.fail()
    assert.equal(request.url, '/a2a/?k=v')
    assert.equal(request.headers['content-type'], 'application/json')
    assert.equal(request.headers['a2a-version'], '1.0')
    assert.equal(request.headers['user-agent'], 'parley/0.0.0')
    assert.equal(request.headers.traceparent, TRACEPARENT)
    assert.match(request.headers.accept ?? '', /text\/event-stream/)
    assert.deepEqual([request.headers.authorization, request.headers.cookie], [undefined, undefined])
    const params = SENT.replace(/}$/, ',"tenant":"acme"}')
    const placed = REQUEST.replace('"ours"', '"acme"')
    const bodies = [params, placed].map(
      (text) => `{"jsonrpc":"2.0","id":"${REQUEST_ID}","method":"SendStreamingMessage","params":${text}}`,
    )
    assert.ok(bodies.includes(body), body)
  })

  test('sends to an agent that does not stream and yields its one answer', async () => {
    await using server = await openLoopbackServer((exchange) => answerJson(exchange, rpcResult(MESSAGE)))
    await using client = openClient()
    const events = await collect(
      client.send(targetOf(server.url, {}, false), REQUEST, { signal: never, onBehalfOf: ADA }),
    )
    assert.deepEqual(texts(events), [MESSAGE])
    assert.match(server.exchanges[0]?.body ?? '', /"method":"SendMessage"/)
    assert.equal(server.exchanges[0]?.body.includes('tenant'), false)
  })

  test('takes a single result where a stream was asked for', async () => {
    await using server = await openLoopbackServer((exchange) => answerJson(exchange, rpcResult(MESSAGE)))
    await using client = openClient()
    const events = await collect(
      client.send(targetOf(server.url), REQUEST, { signal: never, onBehalfOf: ADA }),
    )
    assert.deepEqual(texts(events), [MESSAGE])
    assert.equal(server.exchanges.length, 1)
  })

  for (const [name, refuse] of [
    ['an error', (exchange: Exchange) => answerJson(exchange, rpcError(-32601))],
    ['an error with a status', (exchange: Exchange) => answerJson(exchange, rpcError(-32601), 404)],
    ['an error as first event', (exchange: Exchange) => answerEvents(exchange, rpcError(-32004))],
  ] as const) {
    test(`sends without a stream when ${name} refuses the stream`, async () => {
      await using server = await openLoopbackServer((exchange) =>
        exchange.body.includes('SendStreaming') ? refuse(exchange) : answerJson(exchange, rpcResult(MESSAGE)),
      )
      await using client = openClient()
      const events = await collect(
        client.send(targetOf(server.url), REQUEST, { signal: never, onBehalfOf: ADA }),
      )
      assert.deepEqual(texts(events), [MESSAGE])
      assert.equal(server.exchanges.length, 2)
    })
  }

  test('does not send again when the stream is refused after an event', async () => {
    await using server = await openLoopbackServer((exchange) =>
      answerEvents(exchange, rpcResult(EVENTS[0] ?? ''), rpcError(-32004)),
    )
    await using client = openClient()
    await assert.rejects(
      collect(client.send(targetOf(server.url), REQUEST, { signal: never, onBehalfOf: ADA })),
      {
        kind: 'refused',
        code: 'unsupported_operation',
      },
    )
    assert.equal(server.exchanges.length, 1)
  })

  test("gets, cancels and follows a task by the agent's id", async () => {
    await using server = await openLoopbackServer((exchange) =>
      exchange.body.includes('SubscribeToTask')
        ? answerEvents(exchange, rpcResult(EVENTS[0] ?? ''))
        : answerJson(exchange, rpcResult(TASK)),
    )
    await using client = openClient()
    const target = targetOf(server.url, { tenant: 'acme' })
    const options = { signal: never, onBehalfOf: ADA }
    assert.equal((await client.getTask(target, 't/1', options)).text, TASK)
    assert.equal((await client.cancelTask(target, 't/1', '{"why":1.0}', options)).text, TASK)
    assert.deepEqual(texts(await collect(client.subscribe(target, 't/1', options))), [EVENTS[0]])
    assert.deepEqual(
      server.exchanges.map(({ body }) => body.slice(body.indexOf('"method"'))),
      [
        '"method":"GetTask","params":{"tenant":"acme","id":"t/1"}}',
        '"method":"CancelTask","params":{"tenant":"acme","id":"t/1","metadata":{"why":1.0}}}',
        '"method":"SubscribeToTask","params":{"tenant":"acme","id":"t/1"}}',
      ],
    )
  })

  test('uses kept connections again', async () => {
    const ports = new Set<number | undefined>()
    await using server = await openLoopbackServer((exchange) => {
      ports.add(exchange.request.socket.remotePort)
      answerJson(exchange, rpcResult(TASK))
    })
    await using client = openClient()
    for (let call = 0; call < 10; call++)
      await client.getTask(targetOf(server.url), 't/1', { signal: never, onBehalfOf: ADA })
    assert.ok(ports.size <= 2)
  })
})

describe('calling an agent over REST', () => {
  const rest = { protocolBinding: 'HTTP+JSON' }

  test('uses the paths, tenant and media type of the binding', async () => {
    await using server = await openLoopbackServer((exchange) => {
      const url = exchange.request.url ?? ''
      if (/:stream|:subscribe/.test(url)) answerEvents(exchange, ...EVENTS)
      else answerJson(exchange, url.includes(':send') ? MESSAGE : ` ${TASK}\n`)
    })
    await using client = openClient()
    const target = targetOf(`${server.url}/base/?k=v`, { ...rest, tenant: 'a/b', protocolVersion: '1.0.1' })
    const options = { signal: never, onBehalfOf: ADA }
    assert.deepEqual(texts(await collect(client.send(target, REQUEST, options))), EVENTS)
    assert.deepEqual(texts(await collect(client.send({ ...target, streaming: false }, REQUEST, options))), [
      MESSAGE,
    ])
    assert.deepEqual(texts(await collect(client.subscribe(target, 't/1', options))), EVENTS)
    assert.equal((await client.getTask(target, 't/1', options)).text, TASK)
    assert.equal((await client.cancelTask(target, 't/1', '{"why":1.0}', options)).text, TASK)
    assert.deepEqual(seen(server), [
      'POST /base/a%2Fb/message:stream?k=v',
      'POST /base/a%2Fb/message:send?k=v',
      'POST /base/a%2Fb/tasks/t%2F1:subscribe?k=v',
      'GET /base/a%2Fb/tasks/t%2F1?k=v',
      'POST /base/a%2Fb/tasks/t%2F1:cancel?k=v',
    ])
    const [stream, , , get, cancel] = server.exchanges
    assert.equal(stream?.body, SENT)
    assert.equal(stream?.request.headers['content-type'], 'application/a2a+json')
    assert.equal(get?.request.headers['content-type'], undefined)
    assert.equal(cancel?.body, '{"metadata":{"why":1.0}}')
  })

  for (const status of [404, 405]) {
    test(`subscribes with GET where POST answers ${status}`, async () => {
      await using server = await openLoopbackServer((exchange) =>
        exchange.request.method === 'POST'
          ? answerJson(exchange, 'no', status)
          : answerEvents(exchange, ...EVENTS),
      )
      await using client = openClient()
      const events = await collect(
        client.subscribe(targetOf(server.url, rest), 't', { signal: never, onBehalfOf: ADA }),
      )
      assert.deepEqual(texts(events), EVENTS)
      assert.deepEqual(seen(server), ['POST /tasks/t:subscribe', 'GET /tasks/t:subscribe'])
    })
  }

  test('does not ask again when the agent says that the task is missing', async () => {
    const error = { code: 404, status: 'NOT_FOUND', message: 'x', details: [{ reason: 'TASK_NOT_FOUND' }] }
    await using server = await openLoopbackServer((exchange) =>
      answerJson(exchange, JSON.stringify({ error }), 404),
    )
    await using client = openClient()
    await assert.rejects(
      collect(client.subscribe(targetOf(server.url, rest), 't', { signal: never, onBehalfOf: ADA })),
      {
        kind: 'refused',
        code: 'task_not_found',
      },
    )
    assert.equal(server.exchanges.length, 1)
  })

  test('sends without a stream when the agent has no stream', async () => {
    await using server = await openLoopbackServer((exchange) =>
      exchange.request.url === '/message:send'
        ? answerJson(exchange, MESSAGE)
        : answerJson(exchange, '{}', 404),
    )
    await using client = openClient()
    const events = await collect(
      client.send(targetOf(server.url, rest), REQUEST, { signal: never, onBehalfOf: ADA }),
    )
    assert.deepEqual(texts(events), [MESSAGE])
  })

  test('keeps ids of dots and broken text inside their segment', async () => {
    await using server = await openLoopbackServer((exchange) => answerJson(exchange, '{}', 404))
    await using client = openClient()
    for (const id of ['..', '.', '../x', '\ud800', '?#%']) {
      await assert.rejects(
        client.getTask(targetOf(`${server.url}/base`, rest), id, { signal: never, onBehalfOf: ADA }),
        AgentFailure,
      )
    }
    assert.deepEqual(seen(server), [
      'GET /base/tasks/%2E%2E',
      'GET /base/tasks/%2E',
      'GET /base/tasks/..%2Fx',
      'GET /base/tasks/%EF%BF%BD',
      'GET /base/tasks/%3F%23%25',
    ])
  })
})

describe('choosing how to call an agent', () => {
  for (const via of [
    { protocolVersion: '0.2.5' },
    { protocolVersion: '1.1' },
    { protocolVersion: '2.0' },
    { protocolVersion: '10.0' },
    { protocolVersion: '' },
    { protocolBinding: 'jsonrpc' },
    { protocolBinding: 'https://bindings.example/carrier-pigeon' },
    { protocolBinding: 'GRPC', protocolVersion: '9.9' },
  ]) {
    test(`says that ${JSON.stringify(via)} is not supported`, async () => {
      await using client = openClient()
      const target = targetOf('http://127.0.0.1:1/', via)
      const refused = { name: 'AgentFailure', kind: 'not_accepted', message: /is not supported/ }
      await assert.rejects(collect(client.send(target, REQUEST, { signal: never, onBehalfOf: ADA })), refused)
      await assert.rejects(
        collect(client.subscribe(target, 't', { signal: never, onBehalfOf: ADA })),
        refused,
      )
      await assert.rejects(client.getTask(target, 't', { signal: never, onBehalfOf: ADA }), refused)
      await assert.rejects(
        client.cancelTask(target, 't', undefined, { signal: never, onBehalfOf: ADA }),
        refused,
      )
    })
  }
})
