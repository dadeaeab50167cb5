import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { setDefaultCACertificates } from 'node:tls'
import { ServerCredentials } from '@grpc/grpc-js'
import { securityOf } from '../a2a/security.ts'
import { NOTHING } from '../access/credentials/present-credentials.ts'
import type { AgentTarget } from '../delivery/agent-client.ts'
import { allFail, type Expected, fails, never, REQUEST } from './agent-calls.case.ts'
import { createAgentClient } from './agent-client.ts'
import { type GrpcExchange, type GrpcFailure, openGrpcAgent, refusedFor } from './grpc-agent.case.ts'
import { frameOf } from './grpc-frames.ts'
import { createGuard } from './guard.ts'
import { answerGrpc, GRPC_HEAD, type Http2Exchange, openHttp2Server } from './http2-server.case.ts'
import { ADA, collect, NOW, openClient, openLoopbackServer, targetOf } from './loopback-server.case.ts'
import { CERTIFICATE, PRIVATE_KEY } from './tls-identity.case.ts'

const TASK = '{"id":"t","status":{"state":"TASK_STATE_WORKING"}}'
const SECRET = '10.1.2.3 internal'

const grpc = (url: string): AgentTarget => targetOf(url, { protocolBinding: 'GRPC' })

async function allFailWith(failure: GrpcFailure, expected: Expected): Promise<void> {
  await using agent = await openGrpcAgent((exchange) => exchange.end({ details: SECRET, ...failure }))
  await allFail(agent.target(), expected)
}

describe('a status of gRPC', () => {
  const cases: readonly (readonly [name: string, code: number, expected: Expected])[] = [
    ['CANCELLED', 1, { kind: 'unknown' }],
    ['UNKNOWN', 2, { kind: 'unknown' }],
    ['INVALID_ARGUMENT', 3, { kind: 'refused', code: 'invalid_params' }],
    ['DEADLINE_EXCEEDED', 4, { kind: 'unknown' }],
    ['NOT_FOUND', 5, { kind: 'refused', code: 'task_not_found' }],
    ['PERMISSION_DENIED', 7, { kind: 'not_accepted' }],
    ['RESOURCE_EXHAUSTED', 8, { kind: 'not_accepted' }],
    ['ABORTED', 10, { kind: 'unknown' }],
    ['UNIMPLEMENTED', 12, { kind: 'refused', code: 'method_not_found' }],
    ['INTERNAL', 13, { kind: 'unknown' }],
    ['UNAVAILABLE', 14, { kind: 'not_accepted' }],
    ['DATA_LOSS', 15, { kind: 'unknown' }],
    ['UNAUTHENTICATED', 16, { kind: 'not_accepted' }],
  ]
  for (const [name, code, expected] of cases) {
    test(`${name} is ${expected.code ?? expected.kind}`, () => allFailWith({ code }, expected))
  }

  test('that is none of those known leaves the outcome unknown', async () => {
    await using server = await openHttp2Server((exchange) =>
      answerGrpc(exchange, undefined, { 'grpc-status': '99' }),
    )
    await allFail(grpc(server.address), { kind: 'unknown' })
  })

  test('FAILED_PRECONDITION means what the operation leaves to be meant', async () => {
    await using agent = await openGrpcAgent((exchange) => exchange.end({ code: 9 }))
    await using client = openClient()
    const target = agent.target()
    await assert.rejects(
      client.cancelTask(target, 't', undefined, { signal: never, onBehalfOf: ADA }),
      fails({ kind: 'refused', code: 'task_not_cancelable' }),
    )
    await assert.rejects(
      collect(client.subscribe(target, 't', { signal: never, onBehalfOf: ADA })),
      fails({ kind: 'refused', code: 'unsupported_operation' }),
    )
    await assert.rejects(
      client.getExtendedCard(target, { signal: never, onBehalfOf: ADA }),
      fails({ kind: 'refused', code: 'extended_agent_card_not_configured' }),
    )
  })

  for (const [code, delay, retryAfterMs] of [
    [8, '7s', 7000],
    [14, '1.500s', 1500],
  ] as const) {
    test(`${code} with a RetryInfo of ${delay} says when to come again`, async () => {
      const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: delay }
      await allFailWith({ code, status: { code, details: [retry] } }, { kind: 'not_accepted', retryAfterMs })
    })
  }

  for (const [name, code] of [
    ['UNAVAILABLE', 14],
    ['PERMISSION_DENIED', 7],
    ['UNAUTHENTICATED', 16],
  ] as const) {
    test(`${name} after an event leaves the outcome unknown, and nothing is sent again`, async () => {
      await using agent = await openGrpcAgent(async (exchange) => {
        await exchange.say(`{"task":${TASK}}`)
        exchange.end({ code })
      })
      const credentials = { present: async () => ({ ...NOTHING, schemes: ['oauth'], renew: () => true }) }
      const security = securityOf({ securityRequirements: [{ schemes: { oauth: {} } }] })
      await using client = openClient({}, { credentials })
      const target = agent.target()
      const via = { ...target.via, url: `grpc://${target.via.url}` }
      const events = client
        .send({ ...target, via, security }, REQUEST, { signal: never, onBehalfOf: ADA })
        [Symbol.asyncIterator]()
      assert.equal((await events.next()).done, false)
      await assert.rejects(events.next(), fails({ kind: 'unknown' }))
      assert.equal(agent.exchanges.length, 1)
    })
  }
})

describe('an A2A error over gRPC', () => {
  const reasons: readonly (readonly [reason: string, status: number, code: string])[] = [
    ['TASK_NOT_FOUND', 5, 'task_not_found'],
    ['TASK_NOT_CANCELABLE', 9, 'task_not_cancelable'],
    ['PUSH_NOTIFICATION_NOT_SUPPORTED', 12, 'push_notification_not_supported'],
    ['UNSUPPORTED_OPERATION', 9, 'unsupported_operation'],
    ['CONTENT_TYPE_NOT_SUPPORTED', 3, 'content_type_not_supported'],
    ['INVALID_AGENT_RESPONSE', 13, 'invalid_agent_response'],
    ['EXTENSION_SUPPORT_REQUIRED', 9, 'extension_support_required'],
    ['VERSION_NOT_SUPPORTED', 12, 'version_not_supported'],
  ]
  for (const [reason, status, code] of reasons) {
    test(`${reason} is told by its reason, whatever its status`, () =>
      allFailWith(refusedFor(status, reason), { kind: 'refused', code }))
  }

  test('with details that cannot be read is told by its status', async () => {
    const details = Buffer.from('garbage').toString('base64')
    await using server = await openHttp2Server((exchange) =>
      answerGrpc(exchange, undefined, { 'grpc-status': '5', 'grpc-status-details-bin': details }),
    )
    await allFail(grpc(server.address), { kind: 'refused', code: 'task_not_found' })
  })
})

describe('an answer that gRPC or A2A does not allow', () => {
  const body = (frame: Buffer) => (exchange: Http2Exchange) =>
    answerGrpc(exchange, frame, { 'grpc-status': '0' })
  const compressed = frameOf(Buffer.from('x'))
  compressed[0] = 1
  const answers: readonly (readonly [
    name: string,
    expected: string,
    answer: (exchange: Http2Exchange) => void,
  ])[] = [
    ['bytes that are no message', 'invalid', body(frameOf(Buffer.from('<html>10.1.2.3</html>')))],
    ['an empty message', 'invalid', body(frameOf(Buffer.alloc(0)))],
    ['a compressed message', 'invalid', body(compressed)],
    ['half a message', 'unknown', body(frameOf(Buffer.alloc(100)).subarray(0, 50))],
    [
      'a content type of another kind',
      'invalid',
      ({ stream }) => {
        stream.respond({ ':status': 200, 'content-type': 'text/html' })
        stream.end('<html>')
      },
    ],
    [
      'no status',
      'unknown',
      ({ stream }) => {
        stream.respond(GRPC_HEAD)
        stream.end()
      },
    ],
    [
      'a status that is no number',
      'unknown',
      (exchange) => answerGrpc(exchange, undefined, { 'grpc-status': 'ok' }),
    ],
  ]
  for (const [name, kind, answer] of answers) {
    test(`holds ${name}`, async () => {
      await using server = await openHttp2Server(answer)
      await allFail(grpc(server.address), { kind })
    })
  }

  test('is no message, or several, where one was asked for', async () => {
    for (const frames of [[], [TASK, TASK]]) {
      await using server = await openHttp2Server((exchange) => {
        const empty = frames.map(() => frameOf(Buffer.from([0x0a, 1, 0x74])))
        answerGrpc(exchange, Buffer.concat(empty), { 'grpc-status': '0' })
      })
      await using client = openClient()
      await assert.rejects(
        client.getTask(grpc(server.address), 't', { signal: never, onBehalfOf: ADA }),
        fails({ kind: 'invalid' }),
      )
    }
  })

  test('is about another task', async () => {
    await using agent = await openGrpcAgent(async (exchange) => {
      await exchange.say(TASK.replace('"t"', '"u"'))
      exchange.end()
    })
    await using client = openClient()
    await assert.rejects(
      client.getTask(agent.target(), 't', { signal: never, onBehalfOf: ADA }),
      fails({ kind: 'invalid' }),
    )
  })

  const statuses: readonly (readonly [status: number, headers: object, expected: Expected])[] = [
    [302, { location: '/' }, { kind: 'not_accepted' }],
    [401, {}, { kind: 'not_accepted' }],
    [404, {}, { kind: 'not_accepted' }],
    [429, { 'retry-after': '7' }, { kind: 'not_accepted', retryAfterMs: 7000 }],
    [502, {}, { kind: 'unknown' }],
    [503, {}, { kind: 'not_accepted' }],
  ]
  for (const [status, headers, expected] of statuses) {
    test(`comes from a proxy as HTTP ${status}`, async () => {
      await using server = await openHttp2Server(({ stream }) => {
        stream.respond({ ':status': status, 'content-type': 'text/html', ...headers })
        stream.end(SECRET)
      })
      await allFail(grpc(server.address), expected)
    })
  }
})

describe('a connection for gRPC', () => {
  test('that ends before the answer leaves the outcome unknown', async () => {
    await using server = await openHttp2Server(({ stream }) => stream.session?.destroy())
    await allFail(grpc(server.address), { kind: 'unknown' })
  })

  test('that ends inside a stream leaves the outcome unknown, after the events that came', async () => {
    await using agent = await openGrpcAgent((exchange) => exchange.say(`{"task":${TASK}}`))
    await using client = openClient()
    const events = client
      .send(agent.target(), REQUEST, { signal: never, onBehalfOf: ADA })
      [Symbol.asyncIterator]()
    assert.equal((await events.next()).value?.value.task?.id, 't')
    const next = assert.rejects(events.next(), fails({ kind: 'unknown' }))
    await agent[Symbol.asyncDispose]()
    await next
  })

  test('whose server resets the call leaves the outcome unknown', async () => {
    for (const code of [0, 2, 8]) {
      await using server = await openHttp2Server(({ stream }) => stream.close(code))
      await allFail(grpc(server.address), { kind: 'unknown' })
    }
  })

  test('whose server refuses the call untouched is tried once more, and was then not accepted', async () => {
    const REFUSED_STREAM = 7
    await using server = await openHttp2Server((exchange, count) => {
      if (count === 1) exchange.stream.close(REFUSED_STREAM)
      else answerGrpc(exchange, undefined, { 'grpc-status': '5' })
    })
    await using client = openClient()
    const task = client.getTask(grpc(server.address), 't', { signal: never, onBehalfOf: ADA })
    await assert.rejects(task, fails({ kind: 'refused', code: 'task_not_found' }))
    assert.equal(server.exchanges.length, 2)

    await using other = await openHttp2Server(({ stream }) => stream.close(REFUSED_STREAM))
    await allFail(grpc(other.address), { kind: 'not_accepted' })
  })

  test('is opened anew once the server says that it is going away', async () => {
    await using server = await openHttp2Server((exchange) => {
      answerGrpc(exchange, undefined, { 'grpc-status': '5' })
      exchange.stream.session?.goaway()
    })
    await using client = openClient()
    for (let call = 0; call < 3; call++) {
      const task = client.getTask(grpc(server.address), 't', { signal: never, onBehalfOf: ADA })
      await assert.rejects(task, fails({ kind: 'refused', code: 'task_not_found' }))
    }
    assert.equal(server.exchanges.length, 3)
  })

  test('that nobody takes was not accepted', async () => {
    const agent = await openGrpcAgent(() => {})
    await agent[Symbol.asyncDispose]()
    await allFail(agent.target(), { kind: 'not_accepted' })
  })

  test('to a server of something else was not accepted, and no request was sent', async () => {
    const heard: Buffer[] = []
    const server = createServer((socket) => {
      socket.on('data', (data) => heard.push(data))
      socket.on('error', () => {})
      socket.end('220 mail.example ESMTP\r\n')
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    await allFail(grpc(`127.0.0.1:${port}`), { kind: 'not_accepted' })
    assert.doesNotMatch(Buffer.concat(heard).toString('latin1'), /A2AService/)
    server.close()
  })

  test('to a server of HTTP/1.1 was not accepted', async () => {
    await using server = await openLoopbackServer(() => {})
    await allFail(grpc(server.url), { kind: 'not_accepted' })
    assert.equal(server.exchanges.length, 0)
  })
})

describe('an address for gRPC', () => {
  const clientFor = (allow: readonly string[], addresses: readonly string[] = ['127.0.0.1']) =>
    createAgentClient({
      guard: createGuard({
        policies: { agents: { allow }, cards: { allow: [] } },
        resolve: async () => addresses.map((address) => ({ address, family: 4 })),
      }),
      now: () => NOW,
      newId: () => '1',
      userAgent: 'parley/0.0.0',
    })
  const answers = async (exchange: GrpcExchange) => {
    await exchange.say(TASK)
    exchange.end()
  }
  const tls = () =>
    ServerCredentials.createSsl(null, [
      { private_key: Buffer.from(PRIVATE_KEY), cert_chain: Buffer.from(CERTIFICATE) },
    ])

  test('may be host:port or a URL, in plain text where the policy allows that', async () => {
    await using agent = await openGrpcAgent(answers)
    await using client = clientFor(['127.0.0.0/8'])
    for (const host of ['127.0.0.1', 'agent.example']) {
      for (const scheme of ['', 'grpc://', 'http://']) {
        const task = await client.getTask(grpc(`${scheme}${host}:${agent.port}`), 't', {
          signal: never,
          onBehalfOf: ADA,
        })
        assert.equal(task.value.id, 't')
      }
    }
  })

  test('is called by TLS when it says so, or says nothing and plain text is not allowed', async () => {
    setDefaultCACertificates([CERTIFICATE])
    await using agent = await openGrpcAgent(answers, { credentials: tls() })
    // The name alone is public here, so plain text to it is not allowed.
    await using client = clientFor(['127.0.0.0/8'])
    for (const url of ['https://agent.example', 'grpcs://agent.example', 'https://127.0.0.1']) {
      assert.equal(
        (await client.getTask(grpc(`${url}:${agent.port}`), 't', { signal: never, onBehalfOf: ADA })).value
          .id,
        't',
      )
    }
  })

  test('whose server proves to be another was not called', async () => {
    setDefaultCACertificates([CERTIFICATE])
    await using agent = await openGrpcAgent(answers, { credentials: tls() })
    await using client = clientFor(['127.0.0.0/8'])
    const task = client.getTask(grpc(`https://other.example:${agent.port}`), 't', {
      signal: never,
      onBehalfOf: ADA,
    })
    await assert.rejects(task, fails({ kind: 'not_accepted' }))
    setDefaultCACertificates([])
    await using wary = clientFor(['127.0.0.0/8'])
    const unknown = wary.getTask(grpc(`https://agent.example:${agent.port}`), 't', {
      signal: never,
      onBehalfOf: ADA,
    })
    await assert.rejects(unknown, fails({ kind: 'not_accepted' }))
    assert.equal(agent.exchanges.length, 0)
  })

  test('that the policy refuses was not called, whether given or resolved', async () => {
    await using agent = await openGrpcAgent(answers)
    await using client = clientFor(['10.0.0.0/8'])
    for (const host of ['127.0.0.1', 'agent.example', '[::ffff:7f00:1]']) {
      for (const scheme of ['', 'grpc://', 'grpcs://']) {
        await assert.rejects(
          client.getTask(grpc(`${scheme}${host}:${agent.port}`), 't', { signal: never, onBehalfOf: ADA }),
          (error: Error) => {
            assert.match(error.message, /PARLEY_ALLOW_AGENTS/)
            return fails({ kind: 'not_accepted' })(error)
          },
        )
      }
    }
    assert.equal(agent.exchanges.length, 0)
  })

  test('is resolved and checked again for every connection', async () => {
    const addresses = ['127.0.0.1']
    await using client = clientFor(['127.0.0.0/8'], addresses)
    await using server = await openHttp2Server((exchange) => {
      exchange.stream.session?.goaway()
      answerGrpc(exchange, undefined, { 'grpc-status': '5' })
    })
    const target = grpc(`agent.example:${server.port}`)
    const call = () => client.getTask(target, 't', { signal: never, onBehalfOf: ADA })
    await assert.rejects(call(), fails({ kind: 'refused', code: 'task_not_found' }))
    addresses[0] = '10.0.0.1'
    await assert.rejects(call(), /PARLEY_ALLOW_AGENTS/)
    assert.equal(server.exchanges.length, 1)
  })

  test('that is none was not called', async () => {
    await using client = clientFor([])
    for (const url of ['', 'agent.example', 'ftp://agent.example:1', 'agent.example:99999']) {
      await assert.rejects(
        client.getTask(grpc(url), 't', { signal: never, onBehalfOf: ADA }),
        fails({ kind: 'not_accepted' }),
      )
    }
  })

  test('asks no proxy', async () => {
    await using proxy = await openLoopbackServer(() => {})
    await using agent = await openGrpcAgent(answers)
    await using client = clientFor(['127.0.0.0/8'])
    const before = process.env.http_proxy
    process.env.http_proxy = proxy.url
    process.env.grpc_proxy = proxy.url
    try {
      await client.getTask(grpc(`agent.example:${agent.port}`), 't', { signal: never, onBehalfOf: ADA })
    } finally {
      delete process.env.grpc_proxy
      if (before === undefined) delete process.env.http_proxy
      else process.env.http_proxy = before
    }
    assert.equal(proxy.exchanges.length, 0)
  })
})
