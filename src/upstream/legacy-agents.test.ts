import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type AgentCallOptions, AgentFailure } from '../delivery/agent-client.ts'
import {
  ADA,
  answerEvents,
  answerJson,
  collect,
  type Exchange,
  openClient,
  openLoopbackServer,
  rpcError,
  rpcResult,
  targetOf,
} from './loopback-server.case.ts'

const REQUEST = '{"tenant":"ours","message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"hi"}]}}'
const never: AgentCallOptions = { signal: new AbortController().signal, onBehalfOf: ADA }
const seen = ({ exchanges }: { readonly exchanges: readonly Exchange[] }) =>
  exchanges.map(({ request }) => `${request.method} ${request.url}`)

const fails = (kind: string, code?: string) => (error: unknown) => {
  assert.ok(error instanceof AgentFailure, String(error))
  assert.deepEqual([error.kind, error.code], [kind, code])
  return true
}

describe('calling an agent of 0.3 over JSON-RPC', () => {
  const via = { protocolVersion: '0.3.0' }
  const TASK = '{"kind":"task","id":"t","contextId":"c","status":{"state":"working"}}'
  const update = (state: string, final: boolean) =>
    `{"kind":"status-update","taskId":"t","contextId":"c","status":{"state":"${state}"},"final":${final}}`
  const methodOf = ({ body }: Exchange): string => JSON.parse(body).method

  test('uses its methods, shapes and headers', async () => {
    await using server = await openLoopbackServer((exchange) => {
      const method = methodOf(exchange)
      if (method === 'message/stream')
        answerEvents(exchange, rpcResult(TASK), rpcResult(update('completed', true)))
      else if (method === 'tasks/resubscribe') answerEvents(exchange, rpcResult(update('completed', true)))
      else answerJson(exchange, rpcResult(TASK))
    })
    await using client = openClient()
    const target = targetOf(server.url, { ...via, tenant: 'acme' })
    const options = { ...never, extensions: ['urn:a'] }
    const events = await collect(client.send(target, REQUEST, options))
    assert.deepEqual(
      events.map(({ value }) => value.task?.status.state ?? value.statusUpdate?.status.state),
      ['TASK_STATE_WORKING', 'TASK_STATE_COMPLETED'],
    )
    assert.equal((await collect(client.send({ ...target, streaming: false }, REQUEST, never))).length, 1)
    assert.equal((await client.getTask(target, 't', never)).value.status.state, 'TASK_STATE_WORKING')
    await client.cancelTask(target, 't', '{"why":1.0}', never)
    await collect(client.subscribe(target, 't', never))
    assert.deepEqual(server.exchanges.map(methodOf), [
      'message/stream',
      'message/send',
      'tasks/get',
      'tasks/cancel',
      'tasks/get',
      'tasks/resubscribe',
      'tasks/get',
    ])
    const [stream, , get, cancel] = server.exchanges
    const { params } = JSON.parse(stream?.body ?? '{}')
    assert.deepEqual(params.message.parts, [{ kind: 'text', text: 'hi' }])
    assert.equal(params.configuration.blocking, true)
    assert.equal(stream?.request.headers['a2a-version'], '0.3')
    assert.equal(stream?.request.headers['x-a2a-extensions'], 'urn:a')
    assert.equal(stream?.request.headers['a2a-extensions'], undefined)
    assert.match(get?.body ?? '', /"params":\{"id":"t"\}/)
    assert.match(cancel?.body ?? '', /"params":\{"id":"t","metadata":\{"why":1.0\}\}/)
    assert.ok(server.exchanges.every(({ body }) => !body.includes('tenant')))
  })

  test('takes a stream that begins with an update and never shows the task', async () => {
    const artifact =
      '{"kind":"artifact-update","taskId":"t","contextId":"c","artifact":{"artifactId":"a","parts":[{"kind":"text","text":"x"}]}}'
    const events = [update('working', false), artifact, update('completed', true)].map((event) =>
      rpcResult(event),
    )
    await using server = await openLoopbackServer((exchange) => answerEvents(exchange, ...events))
    await using client = openClient()
    const answers = await collect(client.send(targetOf(server.url, via), REQUEST, never))
    assert.deepEqual(
      answers.map(({ value }) => Object.keys(value)[0]),
      ['statusUpdate', 'artifactUpdate', 'statusUpdate'],
    )
  })

  test('leaves a stream at the event that says it is the last, whatever the state', async () => {
    await using server = await openLoopbackServer(({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${rpcResult(update('input-required', true))}\n\n`)
    })
    await using client = openClient()
    const events = await collect(client.send(targetOf(server.url, via), REQUEST, never))
    assert.deepEqual(
      events.map(({ value }) => value.statusUpdate?.status.state),
      ['TASK_STATE_INPUT_REQUIRED'],
    )
    await server.exchanges[0]?.closed
  })

  test('does not follow a task that has ended by itself', async () => {
    await using server = await openLoopbackServer((exchange) =>
      answerJson(exchange, rpcResult(TASK.replace('working', 'failed'))),
    )
    await using client = openClient()
    const events = await collect(client.subscribe(targetOf(server.url, via), 't', never))
    assert.deepEqual(
      events.map(({ value }) => value.task?.status.state),
      ['TASK_STATE_FAILED'],
    )
    assert.deepEqual(server.exchanges.map(methodOf), ['tasks/get'])
  })

  test('keeps the event that settles a task which cannot be asked for any more', async () => {
    let asked = 0
    await using server = await openLoopbackServer((exchange) => {
      if (methodOf(exchange) === 'tasks/resubscribe')
        answerEvents(exchange, rpcResult(update('completed', true)))
      else answerJson(exchange, ++asked === 1 ? rpcResult(TASK) : rpcError(-32001))
    })
    await using client = openClient()
    const events = await collect(client.subscribe(targetOf(server.url, via), 't', never))
    assert.equal(events.at(-1)?.value.statusUpdate?.status.state, 'TASK_STATE_COMPLETED')
  })

  test('sends without a stream when the agent does not stream', async () => {
    for (const code of [-32601, -32004]) {
      await using server = await openLoopbackServer((exchange) =>
        answerJson(exchange, methodOf(exchange) === 'message/send' ? rpcResult(TASK) : rpcError(code)),
      )
      await using client = openClient()
      const events = await collect(client.send(targetOf(server.url, via), REQUEST, never))
      assert.equal(events[0]?.value.task?.id, 't')
    }
  })

  test('says what is wrong with an answer in words of 1.0', async () => {
    for (const result of ['{"task":{}}', TASK.replace('working', 'napping'), 'null', '[]']) {
      await using server = await openLoopbackServer((exchange) => answerJson(exchange, rpcResult(result)))
      await using client = openClient()
      const target = targetOf(server.url, via, false)
      await assert.rejects(collect(client.send(target, REQUEST, never)), fails('invalid'))
      await assert.rejects(client.getTask(target, 't', never), fails('invalid'))
    }
  })
})

describe('calling an agent of 0.3 over REST', () => {
  const via = { protocolVersion: '0.3', protocolBinding: 'HTTP+JSON' }
  const TASK = '{"id":"t/1","contextId":"c","status":{"state":"TASK_STATE_CANCELLED"}}'
  const UPDATE = '{"statusUpdate":{"taskId":"t/1","contextId":"c","status":{"state":"TASK_STATE_WORKING"}}}'

  test('uses its paths, shapes and headers, and takes 201 for success', async () => {
    await using server = await openLoopbackServer((exchange) => {
      const { url = '', method } = exchange.request
      if (/:stream|:subscribe/.test(url)) answerEvents(exchange, UPDATE, `{"task":${TASK}}`)
      else if (url.endsWith(':send')) answerJson(exchange, `{"task":${TASK}}`, 201)
      else answerJson(exchange, method === 'GET' ? TASK.replace('CANCELLED', 'WORKING') : TASK)
    })
    await using client = openClient()
    const target = targetOf(`${server.url}/base/`, { ...via, tenant: 'acme' })
    const options = { ...never, extensions: ['urn:a'] }
    const events = await collect(client.send(target, REQUEST, options))
    assert.deepEqual(
      events.map(({ value }) => value.statusUpdate?.status.state ?? value.task?.status.state),
      ['TASK_STATE_WORKING', 'TASK_STATE_CANCELED'],
    )
    await collect(client.send({ ...target, streaming: false }, REQUEST, never))
    await client.cancelTask(target, 't/1', undefined, never)
    await collect(client.subscribe(target, 't/1', never))
    assert.deepEqual(seen(server), [
      'POST /base/v1/message:stream',
      'POST /base/v1/message:send',
      'POST /base/v1/tasks/t%2F1:cancel',
      'GET /base/v1/tasks/t%2F1',
      'POST /base/v1/tasks/t%2F1:subscribe',
    ])
    const [stream, , cancel] = server.exchanges
    const { message, configuration } = JSON.parse(stream?.body ?? '{}')
    assert.deepEqual(message.content, [{ text: 'hi' }])
    assert.equal(configuration.blocking, true)
    assert.equal(stream?.request.headers['content-type'], 'application/json')
    assert.equal(stream?.request.headers['a2a-version'], '0.3')
    assert.equal(stream?.request.headers['x-a2a-extensions'], 'urn:a')
    assert.equal(cancel?.body, '{}')
  })

  for (const [path, expected] of [
    ['', '/v1/tasks/t'],
    ['/', '/v1/tasks/t'],
    ['/v1', '/v1/tasks/t'],
    ['/v1/', '/v1/tasks/t'],
    ['/rest/v1', '/rest/v1/tasks/t'],
    ['/v10', '/v10/v1/tasks/t'],
  ] as const) {
    test(`finds its paths below "${path}"`, async () => {
      await using server = await openLoopbackServer((exchange) => answerJson(exchange, '{}', 404))
      await using client = openClient()
      await assert.rejects(client.getTask(targetOf(`${server.url}${path}`, via), 't', never), AgentFailure)
      assert.deepEqual(seen(server), [`GET ${expected}`])
    })
  }

  for (const status of [404, 405, 501]) {
    test(`subscribes with GET where POST answers ${status}`, async () => {
      await using server = await openLoopbackServer((exchange) => {
        const { url = '', method } = exchange.request
        if (!url.endsWith(':subscribe')) answerJson(exchange, TASK.replace('CANCELLED', 'WORKING'))
        else if (method === 'POST') answerJson(exchange, '{"detail":"Method Not Allowed"}', status)
        else answerEvents(exchange, UPDATE)
      })
      await using client = openClient()
      const events = await collect(client.subscribe(targetOf(server.url, via), 't/1', never))
      assert.equal(events.length, 2)
      assert.deepEqual(seen(server).slice(1), [
        'POST /v1/tasks/t%2F1:subscribe',
        'GET /v1/tasks/t%2F1:subscribe',
      ])
    })
  }

  const refusals: readonly (readonly [status: number, body: object, kind: string, code?: string])[] = [
    [404, { code: -32001, message: 'x' }, 'refused', 'task_not_found'],
    [400, { code: -32002, message: 'x', data: {} }, 'refused', 'task_not_cancelable'],
    [400, { code: -32004, message: 'x' }, 'refused', 'unsupported_operation'],
    [500, { code: -32603, message: 'x' }, 'refused', 'internal'],
    [400, { error: { code: -32602, message: 'x' } }, 'refused', 'invalid_params'],
    [
      404,
      { error: { code: 404, status: 'NOT_FOUND', details: [{ reason: 'TASK_NOT_FOUND' }] } },
      'refused',
      'task_not_found',
    ],
    [400, { code: 3, status: 'INVALID_ARGUMENT', message: 'x' }, 'refused', 'invalid_params'],
    [404, { message: 'Task not found' }, 'refused', 'task_not_found'],
    [409, { message: 'x' }, 'refused', 'task_not_cancelable'],
    [415, { message: 'x' }, 'refused', 'content_type_not_supported'],
    [422, { message: 'x' }, 'refused', 'invalid_params'],
    [501, { message: 'x' }, 'refused', 'unsupported_operation'],
    [502, { message: 'x' }, 'refused', 'invalid_agent_response'],
    [500, { message: 'x' }, 'unknown'],
    [404, { detail: 'Not Found' }, 'not_accepted'],
    [401, { message: 'x' }, 'not_accepted'],
    [429, { code: -32001, message: 'x' }, 'not_accepted'],
  ]
  for (const [status, body, kind, code] of refusals) {
    test(`reads ${status} with ${JSON.stringify(body)} as ${code ?? kind}`, async () => {
      await using server = await openLoopbackServer((exchange) =>
        answerJson(exchange, JSON.stringify(body), status),
      )
      await using client = openClient()
      const target = targetOf(server.url, via)
      await assert.rejects(client.getTask(target, 't', never), fails(kind, code))
      await assert.rejects(client.cancelTask(target, 't', undefined, never), fails(kind, code))
    })
  }

  test('reads an error within a stream', async () => {
    for (const error of ['{"code":-32001,"message":"x"}', '{"error":{"code":-32001,"message":"x"}}']) {
      await using server = await openLoopbackServer((exchange) => answerEvents(exchange, UPDATE, error))
      await using client = openClient()
      const events = client.send(targetOf(server.url, via), REQUEST, never)[Symbol.asyncIterator]()
      assert.equal((await events.next()).done, false)
      await assert.rejects(events.next(), fails('refused', 'task_not_found'))
    }
  })

  test('sends without a stream when the agent does not stream', async () => {
    for (const [status, body] of [
      [404, '{"detail":"Not Found"}'],
      [501, '{"message":"no streaming"}'],
    ] as const) {
      await using server = await openLoopbackServer((exchange) =>
        exchange.request.url === '/v1/message:send'
          ? answerJson(exchange, `{"task":${TASK}}`, 201)
          : answerJson(exchange, body, status),
      )
      await using client = openClient()
      const events = await collect(client.send(targetOf(server.url, via), REQUEST, never))
      assert.equal(events[0]?.value.task?.id, 't/1')
    }
  })
})
