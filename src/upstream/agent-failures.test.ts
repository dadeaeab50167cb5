import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { allFail, type Expected, fails, never, REQUEST } from './agent-calls.case.ts'
import { createAgentClient } from './agent-client.ts'
import { createGuard } from './guard.ts'
import {
  ADA,
  answerEvents,
  answerJson,
  collect,
  type Exchange,
  NOW,
  openClient,
  openLoopbackServer,
  rpcError,
  rpcResult,
  targetOf,
} from './loopback-server.case.ts'

const TASK = '{"id":"t","status":{"state":"TASK_STATE_WORKING"}}'
const SECRET = '10.1.2.3 internal'
const REST = { protocolBinding: 'HTTP+JSON' }

/** Every way of calling an agent that answers so fails as expected, whether or not it streams. */
async function allFailAt(answer: (exchange: Exchange) => void, expected: Expected, via = {}): Promise<void> {
  await using server = await openLoopbackServer(answer)
  await allFail(targetOf(server.url, via), expected)
}

describe('an answer by status alone', () => {
  const cases: readonly (readonly [
    status: number,
    headers: Readonly<Record<string, string>>,
    expected: Expected,
  ])[] = [
    [302, { location: 'http://127.0.0.1:1/' }, { kind: 'not_accepted' }],
    [307, { location: '/elsewhere' }, { kind: 'not_accepted' }],
    [400, {}, { kind: 'not_accepted' }],
    [401, { 'www-authenticate': 'Bearer' }, { kind: 'not_accepted' }],
    [403, {}, { kind: 'not_accepted' }],
    [404, {}, { kind: 'not_accepted' }],
    [413, {}, { kind: 'not_accepted' }],
    [429, {}, { kind: 'not_accepted' }],
    [429, { 'retry-after': '7' }, { kind: 'not_accepted', retryAfterMs: 7000 }],
    [
      503,
      { 'retry-after': new Date(NOW + 90_000).toUTCString() },
      { kind: 'not_accepted', retryAfterMs: 90_000 },
    ],
    [503, { 'retry-after': new Date(NOW - 90_000).toUTCString() }, { kind: 'not_accepted', retryAfterMs: 0 }],
    [503, { 'retry-after': 'soon' }, { kind: 'not_accepted' }],
    [500, {}, { kind: 'unknown' }],
    [502, {}, { kind: 'unknown' }],
    [504, {}, { kind: 'unknown' }],
  ]
  for (const [status, headers, expected] of cases) {
    test(`of ${status} with ${JSON.stringify(headers)} is ${expected.kind}`, async () => {
      const answer = (exchange: Exchange) => answerJson(exchange, SECRET, status, headers)
      await allFailAt(answer, expected)
      await allFailAt(answer, expected, REST)
    })
  }

  test('of 401 or 429 is not taken for an A2A error by its body', async () => {
    await allFailAt((exchange) => answerJson(exchange, rpcError(-32001), 401), { kind: 'not_accepted' })
    await allFailAt((exchange) => answerJson(exchange, rpcError(-32001), 429), { kind: 'not_accepted' })
  })
})

describe('an A2A error', () => {
  const codes: readonly (readonly [rpc: number, reason: string, code: string])[] = [
    [-32001, 'TASK_NOT_FOUND', 'task_not_found'],
    [-32002, 'TASK_NOT_CANCELABLE', 'task_not_cancelable'],
    [-32003, 'PUSH_NOTIFICATION_NOT_SUPPORTED', 'push_notification_not_supported'],
    [-32004, 'UNSUPPORTED_OPERATION', 'unsupported_operation'],
    [-32005, 'CONTENT_TYPE_NOT_SUPPORTED', 'content_type_not_supported'],
    [-32006, 'INVALID_AGENT_RESPONSE', 'invalid_agent_response'],
    [-32007, 'EXTENDED_AGENT_CARD_NOT_CONFIGURED', 'extended_agent_card_not_configured'],
    [-32008, 'EXTENSION_SUPPORT_REQUIRED', 'extension_support_required'],
    [-32009, 'VERSION_NOT_SUPPORTED', 'version_not_supported'],
  ]
  for (const [rpc, reason, code] of codes) {
    test(`${reason} is a refusal with its code`, async () => {
      const expected = { kind: 'refused', code }
      const status = { code: 400, status: 'X', message: SECRET, details: [{ '@type': 'x' }, { reason }] }
      await allFailAt((exchange) => answerJson(exchange, rpcError(rpc, SECRET)), expected)
      await allFailAt((exchange) => answerJson(exchange, rpcError(rpc, SECRET, null), 400), expected)
      await allFailAt(
        (exchange) => answerJson(exchange, JSON.stringify({ error: status }), 400),
        expected,
        REST,
      )
    })
  }

  for (const [rpc, code] of [
    [-32700, 'parse_error'],
    [-32600, 'invalid_request'],
    [-32601, 'method_not_found'],
    [-32602, 'invalid_params'],
    [-32603, 'internal'],
    [-32000, 'internal'],
    [-32010, 'internal'],
  ] as const) {
    test(`${rpc} is a refusal as ${code}`, async () => {
      await allFailAt((exchange) => answerJson(exchange, rpcError(rpc, SECRET)), { kind: 'refused', code })
    })
  }

  test('of REST without a reason is read by its status', async () => {
    const body = JSON.stringify({ error: { code: 400, status: 'INVALID_ARGUMENT', message: SECRET } })
    await allFailAt(
      (exchange) => answerJson(exchange, body, 400),
      { kind: 'refused', code: 'invalid_params' },
      REST,
    )
    const internal = JSON.stringify({ error: { code: 500, status: 'INTERNAL', message: SECRET } })
    await allFailAt((exchange) => answerJson(exchange, internal, 500), { kind: 'unknown' }, REST)
  })

  test('within a stream is a refusal', async () => {
    const rest = JSON.stringify({ error: { details: [{ reason: 'TASK_NOT_FOUND' }] } })
    for (const [via, first, second] of [
      [{}, rpcResult(`{"task":${TASK}}`), rpcError(-32001)],
      [REST, `{"task":${TASK}}`, rest],
    ] as const) {
      await using server = await openLoopbackServer((exchange) => answerEvents(exchange, first, second))
      await using client = openClient()
      const events = client
        .subscribe(targetOf(server.url, via), 't', { signal: never, onBehalfOf: ADA })
        [Symbol.asyncIterator]()
      assert.equal((await events.next()).done, false)
      await assert.rejects(events.next(), fails({ kind: 'refused', code: 'task_not_found' }))
    }
  })
})

describe('an answer that A2A does not allow', () => {
  const deep = `{"id":"t","status":{"state":"TASK_STATE_WORKING"},"metadata":{"x":${'['.repeat(70)}${']'.repeat(70)}}}`
  const envelopes: readonly (readonly [name: string, body: string])[] = [
    ['nothing', ''],
    ['HTML', '<html>10.1.2.3</html>'],
    ['JSON that is cut short', rpcResult(TASK).slice(0, -2)],
    ['no envelope', TASK],
    ['an array', `[${rpcResult(TASK)}]`],
    ['another version of JSON-RPC', rpcResult(TASK).replace('2.0', '1.0')],
    ['the id of another request', rpcResult(TASK, 'other')],
    ['no id', rpcResult(TASK).replace('"id":"request-1",', '')],
    ['an error with the id of another request', rpcError(-32001, '', 'other')],
    ['neither result nor error', '{"jsonrpc":"2.0","id":"request-1"}'],
    ['both result and error', `${rpcError(-32001).slice(0, -1)},"result":${TASK}}`],
    ['an error without code', '{"jsonrpc":"2.0","id":"request-1","error":"10.1.2.3"}'],
    ['a result of null', rpcResult('null')],
  ]
  for (const [name, body] of envelopes) {
    test(`holds ${name}`, async () => {
      await allFailAt((exchange) => answerJson(exchange, body), { kind: 'invalid' })
    })
  }

  const results: readonly (readonly [name: string, event: string, task: string])[] = [
    [
      'an unknown state',
      '{"task":{"id":"t","status":{"state":"10.1.2.3"}}}',
      '{"id":"t","status":{"state":"x"}}',
    ],
    [
      'two members',
      `{"task":${TASK},"message":{"messageId":"a","role":"ROLE_AGENT","parts":[{"text":"x"}]}}`,
      '[]',
    ],
    ['no member', '{"other":{}}', '{}'],
    ['a task without id', '{"task":{"status":{"state":"TASK_STATE_WORKING"}}}', '{"status":{}}'],
    [
      'a part of two kinds',
      '{"message":{"messageId":"a","role":"ROLE_AGENT","parts":[{"text":"","url":""}]}}',
      '1',
    ],
    ['deep nesting', `{"task":${deep}}`, deep],
    ['another task', '{"task":{}}', TASK.replace('"t"', '"u"')],
  ]
  for (const [name, event, task] of results) {
    test(`holds ${name}`, async () => {
      const isSend = ({ request, body }: Exchange) =>
        /message:|Message"|subscribe|Subscribe/.test(`${request.url}${body}`)
      const rest = (exchange: Exchange) => answerJson(exchange, isSend(exchange) ? event : task)
      await allFailAt((exchange) => answerJson(exchange, rpcResult(isSend(exchange) ? event : task)), {
        kind: 'invalid',
      })
      await allFailAt(rest, { kind: 'invalid' }, REST)
    })
  }

  test('is not UTF-8', async () => {
    await allFailAt(({ response }) => response.end(Buffer.from([0x22, 0xff, 0x22])), { kind: 'invalid' })
  })

  test('is a stream where one result was asked for', async () => {
    await using server = await openLoopbackServer((exchange) => answerEvents(exchange, rpcResult(TASK)))
    await using client = openClient()
    for (const via of [{}, REST]) {
      const task = client.getTask(targetOf(server.url, via), 't', { signal: never, onBehalfOf: ADA })
      await assert.rejects(task, fails({ kind: 'invalid' }))
    }
  })
})

describe('a connection', () => {
  test('that ends before the answer leaves the outcome unknown', async () => {
    await allFailAt(({ response }) => response.destroy(), { kind: 'unknown' })
    await allFailAt(({ request }) => request.socket.resetAndDestroy(), { kind: 'unknown' })
  })

  test('that ends inside the answer leaves the outcome unknown', async () => {
    const cut = ({ response }: Exchange) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{', () => response.destroy())
    }
    await allFailAt(cut, { kind: 'unknown' })
  })

  test('that ends inside a stream leaves the outcome unknown, after the events that came', async () => {
    await using server = await openLoopbackServer(({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${rpcResult(`{"task":${TASK}}`)}\n\ndata: {`, () => response.destroy())
    })
    await using client = openClient()
    const events = client
      .send(targetOf(server.url), REQUEST, { signal: never, onBehalfOf: ADA })
      [Symbol.asyncIterator]()
    assert.equal((await events.next()).value?.value.task?.id, 't')
    await assert.rejects(events.next(), fails({ kind: 'unknown' }))
  })

  test('that carries no HTTP leaves the outcome unknown', async () => {
    const server = createServer((socket) => socket.end('220 mail.example ESMTP\r\n'))
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    await using client = openClient()
    const target = targetOf(`http://127.0.0.1:${port}/`)
    await assert.rejects(
      client.getTask(target, 't', { signal: never, onBehalfOf: ADA }),
      fails({ kind: 'unknown' }),
    )
    server.close()
  })

  test('that nobody takes was not accepted', async () => {
    const server = await openLoopbackServer(() => {})
    await server[Symbol.asyncDispose]()
    await using client = openClient()
    const task = client.getTask(targetOf(server.url), 't', { signal: never, onBehalfOf: ADA })
    await assert.rejects(task, fails({ kind: 'not_accepted' }))
  })

  test('that fails in TLS was not accepted', async () => {
    await using server = await openLoopbackServer(() => {})
    await using client = openClient()
    const task = client.getTask(targetOf(server.url.replace('http', 'https')), 't', {
      signal: never,
      onBehalfOf: ADA,
    })
    await assert.rejects(task, fails({ kind: 'not_accepted' }))
    assert.equal(server.exchanges.length, 0)
  })
})

describe('an address', () => {
  const clientResolving = (address: string | undefined) =>
    createAgentClient({
      guard: createGuard({
        policies: { agents: { allow: ['10.0.0.0/8'] }, cards: { allow: [] } },
        resolve: async () => {
          if (address === undefined) throw new Error('ENOTFOUND agent.example')
          return [{ address, family: 4 }]
        },
      }),
      now: () => NOW,
      newId: () => '1',
      userAgent: 'parley/0.0.0',
    })

  test('that the policy refuses was not called, whether given or resolved', async () => {
    await using server = await openLoopbackServer(() => {})
    await using client = clientResolving('127.0.0.1')
    for (const host of ['127.0.0.1', 'agent.example', '[::ffff:7f00:1]']) {
      const target = targetOf(`http://${host}:${server.port}/`)
      await assert.rejects(
        collect(client.send(target, REQUEST, { signal: never, onBehalfOf: ADA })),
        (error: Error) => {
          assert.match(error.message, /PARLEY_ALLOW_AGENTS/)
          return fails({ kind: 'not_accepted' })(error)
        },
      )
    }
    assert.equal(server.exchanges.length, 0)
  })

  test('that does not resolve was not called', async () => {
    await using client = clientResolving(undefined)
    const target = targetOf('https://agent.example/')
    await assert.rejects(
      client.getTask(target, 't', { signal: never, onBehalfOf: ADA }),
      fails({ kind: 'not_accepted' }),
    )
  })
})
