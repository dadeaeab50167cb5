import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { ServerCredentials, status } from '@grpc/grpc-js'
import type { AgentInterface } from '../a2a/agent-card.ts'
import type { AgentTarget } from '../delivery/agent-client.ts'
import { sampleAgent } from '../storage/contract/sample-agent.ts'
import { createAgentClient } from './agent-client.ts'
import { createEgress } from './egress.ts'
import { type GrpcExchange, openGrpcAgent } from './grpc-agent.case.ts'
import { createGuard, type Guard } from './guard.ts'
import {
  answerJson,
  type Exchange,
  NOW,
  openClient,
  openLoopbackServer,
  REQUEST_ID,
  rpcError,
  rpcResult,
  targetOf,
} from './loopback-server.case.ts'
import { createProber } from './probe-agent.ts'
import { CERTIFICATE, PRIVATE_KEY } from './tls-identity.case.ts'
import { DEFAULT_UPSTREAM_LIMITS } from './upstream-limits.ts'

const agent = sampleAgent()
const never = new AbortController().signal
const TASK = '{"id":"request-1","status":{"state":"TASK_STATE_WORKING"}}'
const LEGACY: Partial<AgentInterface> = { protocolVersion: '0.3' }
const REST: Partial<AgentInterface> = { protocolBinding: 'HTTP+JSON' }
const LEGACY_REST: Partial<AgentInterface> = { ...REST, ...LEGACY }

async function look(
  target: AgentTarget,
  { guard, timeoutMs = 5000 }: { guard?: Guard; timeoutMs?: number } = {},
) {
  await using client =
    guard === undefined
      ? openClient()
      : createAgentClient({
          guard,
          limits: DEFAULT_UPSTREAM_LIMITS,
          now: () => NOW,
          newId: () => REQUEST_ID,
          userAgent: 'parley/0.0.0',
        })
  const prober = createProber({
    client,
    now: () => NOW,
    monotonicMs: () => performance.now(),
    newId: () => REQUEST_ID,
    timeoutMs,
  })
  const check = await prober.checkInterface(target, agent, never)
  assert.equal(check.kind, 'interface')
  assert.equal(check.url, target.via.url)
  assert.equal(check.at, NOW)
  assert.equal(check.latencyMs !== undefined, check.outcome === 'ok')
  assert.equal(check.message === undefined, check.outcome === 'ok')
  assert.ok((check.message ?? '').length <= 200)
  assert.doesNotMatch(check.message ?? '', /127\.0\.0\.1|10\.1\.2\.3|s3cret/)
  return check
}

async function outcomeAt(
  answer: (exchange: Exchange) => void,
  via: Partial<AgentInterface> = {},
): Promise<string> {
  await using server = await openLoopbackServer(answer)
  return (await look(targetOf(server.url, via))).outcome
}

describe('an interface that is asked for a task that there is not', () => {
  const json =
    (body: string, code = 200) =>
    (exchange: Exchange) =>
      answerJson(exchange, body, code)
  const rest = (reason: string, code = 404) =>
    json(JSON.stringify({ error: { code, status: 'NOT_FOUND', message: 'no', details: [{ reason }] } }), code)

  const cases: readonly (readonly [
    does: string,
    outcome: string,
    answer: (exchange: Exchange) => void,
    via?: Partial<AgentInterface>,
  ])[] = [
    ['says so over JSON-RPC', 'ok', json(rpcError(-32001))],
    ['says so over JSON-RPC of 0.3', 'ok', json(rpcError(-32001)), LEGACY],
    ['says so over REST', 'ok', rest('TASK_NOT_FOUND'), REST],
    ['says so over REST of 0.3', 'ok', json('{"code":-32001,"message":"Task not found"}', 404), LEGACY_REST],
    ['says so in the words of REST of 0.3', 'ok', json('{"message":"Task not found"}', 404), LEGACY_REST],
    ['is a proxy that finds no route', 'bad-shape', json('{"message":"no Route matched"}', 404), LEGACY_REST],
    ['does not know the method', 'wrong-version', json(rpcError(-32601))],
    ['does not know the method of 0.3', 'wrong-version', json(rpcError(-32601)), LEGACY],
    ['does not speak the version', 'wrong-version', json(rpcError(-32009), 400)],
    ['does not speak the version over REST', 'wrong-version', rest('VERSION_NOT_SUPPORTED', 400), REST],
    ['has that task', 'bad-shape', json(rpcResult(TASK))],
    ['has that task over REST', 'bad-shape', json(TASK), REST],
    ['answers with null', 'bad-shape', json(rpcResult('null'))],
    ['answers with a page', 'bad-shape', ({ response }) => response.end('<html>10.1.2.3</html>')],
    ['answers with a page that is missing', 'bad-shape', json('<html>10.1.2.3</html>', 404)],
    ['answers with a page over REST', 'bad-shape', json('<html>10.1.2.3</html>', 404), REST],
    ['answers with an error of another form', 'bad-shape', json('{"error":"10.1.2.3"}', 404)],
    ['answers without an envelope', 'bad-shape', json(TASK)],
    ['answers with more than it may', 'bad-shape', json(' '.repeat(33 * 1024 * 1024))],
    ['answers with what is no text', 'bad-shape', ({ response }) => response.end(Buffer.from([0x22, 0xff]))],
    ['redirects', 'bad-shape', ({ response }) => response.writeHead(307, { location: '/x' }).end()],
    ['fails inside', 'error', json(rpcError(-32603, 's3cret'))],
    ['fails with 500', 'error', json('10.1.2.3', 500)],
    ['fails with 502 over REST', 'error', json('10.1.2.3', 502), REST],
    ['is too busy', 'error', json('', 429)],
    ['is away', 'error', json('', 503)],
    ['finds the request wrong', 'error', json(rpcError(-32602))],
    ['demands a credential', 'auth', json('', 401)],
    ['demands a credential over REST', 'auth', json('', 401), REST],
    ['does not let us in', 'auth', json(rpcError(-32001), 403)],
    ['ends the connection', 'unreachable', ({ request }) => request.socket.resetAndDestroy()],
  ]
  for (const [does, outcome, answer, via] of cases) {
    test(`and ${does} is ${outcome}`, async () => {
      assert.equal(await outcomeAt(answer, via), outcome)
    })
  }

  test('and demands a credential that is not stored is told to store one', async () => {
    await using server = await openLoopbackServer((exchange) => answerJson(exchange, '', 401))
    const { outcome, message } = await look({
      ...targetOf(server.url),
      security: { schemes: new Map(), alternatives: [] },
    })
    assert.equal(outcome, 'auth')
    assert.match(message ?? '', /store a credential/)
  })

  test('and never answers is a time-out, in the time there is', async () => {
    await using server = await openLoopbackServer(() => {})
    const { outcome, message } = await look(targetOf(server.url), { timeoutMs: 50 })
    assert.equal(outcome, 'timeout')
    assert.match(message ?? '', /within 0.05 seconds/)
  })

  test('and where nobody listens is unreachable', async () => {
    const server = await openLoopbackServer(() => {})
    await server[Symbol.asyncDispose]()
    for (const via of [{}, REST, LEGACY]) {
      assert.equal((await look(targetOf(server.url, via))).outcome, 'unreachable')
    }
    const grpc = targetOf(`127.0.0.1:${server.port}`, { protocolBinding: 'GRPC' })
    assert.equal((await look(grpc)).outcome, 'unreachable')
  })

  test('and whose name nobody knows is dns', async () => {
    const guard = createGuard({ policies: { agents: { allow: ['agent.invalid'] } } })
    for (const [url, via] of [
      ['https://agent.invalid/a2a', {}],
      ['http://agent.invalid/a2a', REST],
      ['agent.invalid:443', { protocolBinding: 'GRPC' }],
    ] as const) {
      assert.equal((await look(targetOf(url, via), { guard })).outcome, 'dns')
    }
  })

  test('and whose certificate nobody vouches for is tls', async () => {
    const tls = { cert: CERTIFICATE, key: PRIVATE_KEY }
    await using server = await openLoopbackServer((exchange) => answerJson(exchange, rpcError(-32001)), tls)
    for (const via of [{}, REST]) assert.equal((await look(targetOf(server.url, via))).outcome, 'tls')
    const credentials = ServerCredentials.createSsl(null, [
      { cert_chain: Buffer.from(CERTIFICATE), private_key: Buffer.from(PRIVATE_KEY) },
    ])
    await using grpc = await openGrpcAgent(() => {}, { credentials })
    const target = targetOf(`https://127.0.0.1:${grpc.port}`, { protocolBinding: 'GRPC' })
    assert.equal((await look(target)).outcome, 'tls')
  })

  test('and speaks no TLS where it should is tls', async () => {
    await using server = await openLoopbackServer((exchange) => answerJson(exchange, ''))
    assert.equal((await look(targetOf(server.url.replace('http:', 'https:')))).outcome, 'tls')
  })

  test('and is at an address that is not allowed is forbidden, by the setting that the message names', async () => {
    const guard = createGuard({ policies: {} })
    for (const [url, via] of [
      ['http://127.0.0.1:1234/', {}],
      ['https://10.1.2.3/', REST],
      ['https://localhost/', {}],
      ['http://127.0.0.1:1234', { protocolBinding: 'GRPC' }],
    ] as const) {
      const { outcome, message } = await look(targetOf(url, via), { guard })
      assert.equal(outcome, 'forbidden')
      assert.match(message ?? '', /PARLEY_ALLOW_AGENTS/)
    }
  })

  test('and closes each connection without a word is unreachable', async () => {
    const server = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    try {
      assert.equal((await look(targetOf(`http://127.0.0.1:${port}`))).outcome, 'unreachable')
      assert.equal((await look(targetOf(`https://127.0.0.1:${port}`))).outcome, 'unreachable')
      const grpc = targetOf(`127.0.0.1:${port}`, { protocolBinding: 'GRPC' })
      assert.equal((await look(grpc)).outcome, 'unreachable')
    } finally {
      server.close()
    }
  })

  test('and speaks something else than HTTP is bad-shape', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    try {
      assert.equal((await look(targetOf(`http://127.0.0.1:${port}`))).outcome, 'bad-shape')
    } finally {
      server.close()
    }
  })

  test('throws the reason of its signal, which is not the agent’s', async () => {
    const stop = new AbortController()
    await using server = await openLoopbackServer(() => stop.abort(new Error('stopped')))
    await using client = openClient()
    const prober = createProber({
      client,
      now: () => NOW,
      monotonicMs: () => 0,
      newId: () => REQUEST_ID,
      timeoutMs: 5000,
    })
    await assert.rejects(prober.checkInterface(targetOf(server.url), agent, stop.signal), /stopped/)
  })
})

describe('an interface over gRPC that is asked for a task that there is not', () => {
  const cases: readonly (readonly [outcome: string, code: number])[] = [
    ['ok', status.NOT_FOUND],
    ['wrong-version', status.UNIMPLEMENTED],
    ['auth', status.UNAUTHENTICATED],
    ['auth', status.PERMISSION_DENIED],
    ['error', status.INTERNAL],
    ['error', status.UNAVAILABLE],
    ['error', status.RESOURCE_EXHAUSTED],
  ]
  for (const version of ['1.0', '0.3'] as const) {
    for (const [outcome, code] of cases) {
      test(`of ${version} and ends with ${status[code]} is ${outcome}`, async () => {
        const answer = ({ end }: GrpcExchange) => end({ code, details: 's3cret' })
        await using server = await openGrpcAgent(answer, { version })
        assert.equal((await look(server.target())).outcome, outcome)
      })
    }
  }

  test('and speaks another version is wrong-version', async () => {
    await using server = await openGrpcAgent(({ end }) => end({ code: status.NOT_FOUND }), { version: '0.3' })
    const target = server.target()
    assert.equal(
      (await look({ ...target, via: { ...target.via, protocolVersion: '1.0' } })).outcome,
      'wrong-version',
    )
  })

  test('and speaks HTTP/1.1 is bad-shape', async () => {
    await using server = await openLoopbackServer((exchange) => answerJson(exchange, ''))
    const target = targetOf(`127.0.0.1:${server.port}`, { protocolBinding: 'GRPC' })
    assert.equal((await look(target)).outcome, 'bad-shape')
    const tls = { cert: CERTIFICATE, key: PRIVATE_KEY }
    await using secure = await openLoopbackServer((exchange) => answerJson(exchange, ''), tls)
    const guard = createGuard({
      policies: { agents: 'loopbackOnly' },
      egress: createEgress({ extraCa: CERTIFICATE }),
    })
    const overTls = targetOf(`https://127.0.0.1:${secure.port}`, { protocolBinding: 'GRPC' })
    assert.equal((await look(overTls, { guard })).outcome, 'bad-shape')
  })
})
