import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { describe, test } from 'node:test'
import { rootCertificates, setDefaultCACertificates } from 'node:tls'
import { ServerCredentials } from '@grpc/grpc-js'
import { AgentFailure } from '../delivery/agent-client.ts'
import { createAgentClient } from './agent-client.ts'
import { type ConnectProxyOptions, openConnectProxy } from './connect-proxy.case.ts'
import { createEgress, type EgressDeps, type Proxies } from './egress.ts'
import { createCardSource } from './fetch-card.ts'
import { openGrpcAgent } from './grpc-agent.case.ts'
import { createGuard, type Guard } from './guard.ts'
import { openSilentServer } from './http2-server.case.ts'
import { ADA, NOW, openLoopbackServer, targetOf } from './loopback-server.case.ts'
import { CERTIFICATE, PRIVATE_KEY } from './tls-identity.case.ts'
import { DEFAULT_UPSTREAM_LIMITS } from './upstream-limits.ts'

const never = new AbortController().signal
const CARD = '{"skills":[]}'
const TASK = '{"id":"t","contextId":"c","status":{"state":"TASK_STATE_WORKING"}}'
const identity = { cert: CERTIFICATE, key: PRIVATE_KEY }
const WELL_KNOWN = '/.well-known/agent-card.json'

const PUBLIC = '93.184.215.14'
const PUBLIC6 = '2606:2800:220:1:248:1893:25c8:1946'

/** Every name is at these public addresses, where nobody but the proxy answers. */
function guardWith(
  egress: EgressDeps,
  addresses: readonly string[] = [PUBLIC],
  allow = ['agent.example'],
): Guard {
  return createGuard({
    policies: { agents: { allow }, cards: { allow } },
    resolve: async () => addresses.map((address) => ({ address, family: isIP(address) })),
    egress: createEgress(egress),
  })
}

const proxiesAt = (url: URL, more: Partial<Proxies> = {}): Proxies => ({
  https: { url },
  http: { url },
  bypass: [],
  ...more,
})

async function fetchCard(guard: Guard, url: string, connectTimeoutMs = 5000): Promise<string> {
  await using cards = createCardSource({
    guard,
    limits: { ...DEFAULT_UPSTREAM_LIMITS, connectTimeoutMs },
    userAgent: 'parley/0.0.0',
  })
  return (await cards.fetchCard(url, never)).text
}

const getTask = async (guard: Guard, url: string, connectTimeoutMs = 5000) => {
  await using client = createAgentClient({
    guard,
    limits: { ...DEFAULT_UPSTREAM_LIMITS, connectTimeoutMs },
    now: () => NOW,
    newId: () => '1',
    userAgent: 'parley/0.0.0',
  })
  return (
    await client.getTask(targetOf(url, { protocolBinding: 'GRPC' }), 't', { signal: never, onBehalfOf: ADA })
  ).value.id
}

const serveCard = (tls?: typeof identity) =>
  openLoopbackServer(({ response }) => {
    response.end(CARD)
  }, tls)

const serveTask = (credentials = ServerCredentials.createInsecure()) =>
  openGrpcAgent(
    async (exchange) => {
      await exchange.say(TASK)
      exchange.end()
    },
    { credentials },
  )

const grpcTls = () =>
  ServerCredentials.createSsl(null, [
    { private_key: Buffer.from(PRIVATE_KEY), cert_chain: Buffer.from(CERTIFICATE) },
  ])

const toPort = (port: number, more: Partial<ConnectProxyOptions> = {}) =>
  openConnectProxy({ answer: () => ({ port }), ...more })

describe('through a proxy', () => {
  test('https goes to the checked address, and names the host only inside', async () => {
    await using server = await serveCard(identity)
    await using proxy = await toPort(server.port)
    const guard = guardWith({ proxies: proxiesAt(proxy.url), extraCa: CERTIFICATE })
    assert.equal(await fetchCard(guard, `https://agent.example${WELL_KNOWN}`), CARD)
    assert.deepEqual(
      proxy.tunnels.map(({ authority, headers }) => [authority, headers.host]),
      [[`${PUBLIC}:443`, `${PUBLIC}:443`]],
    )
    const { headers, socket } = server.exchanges[0]?.request ?? assert.fail()
    assert.equal(headers.host, 'agent.example')
    assert.equal('servername' in socket && socket.servername, 'agent.example')
  })

  test('plain http is tunnelled too', async () => {
    await using server = await serveCard()
    await using proxy = await toPort(server.port)
    const guard = guardWith({ proxies: proxiesAt(proxy.url) }, [PUBLIC6])
    assert.equal(await fetchCard(guard, `http://agent.example:8080${WELL_KNOWN}`), CARD)
    assert.equal(proxy.tunnels[0]?.authority, `[${PUBLIC6}]:8080`)
    assert.equal(server.exchanges[0]?.request.headers.host, 'agent.example:8080')
  })

  test('the first words of a server that come with the answer of the proxy are not lost', async () => {
    await using open = await serveTask()
    await using proxy = await toPort(open.port, { isSlow: true })
    assert.equal(await getTask(guardWith({ proxies: proxiesAt(proxy.url) }), 'agent.example:8080'), 't')
  })

  test('gRPC goes over TLS and in plain text', async () => {
    await using open = await serveTask()
    await using secure = await serveTask(grpcTls())
    await using proxy = await openConnectProxy({
      answer: (authority) => ({ port: authority.endsWith(':443') ? secure.port : open.port }),
    })
    const guard = guardWith({ proxies: proxiesAt(proxy.url), extraCa: CERTIFICATE })
    for (const url of ['https://agent.example', 'agent.example:8080', 'grpc://agent.example:8080']) {
      assert.equal(await getTask(guard, url), 't')
    }
    assert.deepEqual(
      proxy.tunnels.map(({ authority }) => authority),
      [`${PUBLIC}:443`, `${PUBLIC}:8080`, `${PUBLIC}:8080`],
    )
  })

  test('itself encrypted, and with credentials for it alone', async () => {
    await using server = await serveCard(identity)
    await using proxy = await toPort(server.port, { tls: identity })
    const url = new URL(`https://localhost:${proxy.url.port}`)
    const https = { url, authorization: 'Basic bWU6c2VjcmV0' }
    const guard = guardWith({ proxies: { https, bypass: [] }, extraCa: CERTIFICATE })
    assert.equal(await fetchCard(guard, `https://agent.example${WELL_KNOWN}`), CARD)
    assert.equal(proxy.tunnels[0]?.servername, 'localhost')
    assert.equal(proxy.tunnels[0]?.headers['proxy-authorization'], 'Basic bWU6c2VjcmV0')
    assert.equal(server.exchanges[0]?.request.headers['proxy-authorization'], undefined)
  })

  test('every address is tried until one is reached', async () => {
    await using server = await serveCard()
    await using proxy = await openConnectProxy({
      answer: (authority) => (authority.startsWith('[') ? { status: 502 } : { port: server.port }),
    })
    const guard = guardWith({ proxies: proxiesAt(proxy.url) }, [PUBLIC6, PUBLIC])
    assert.equal(await fetchCard(guard, `http://agent.example${WELL_KNOWN}`), CARD)
    assert.deepEqual(
      proxy.tunnels.map(({ authority }) => authority),
      [`[${PUBLIC6}]:80`, `${PUBLIC}:80`],
    )
  })

  test('nothing goes that the policy refuses', async () => {
    await using proxy = await toPort(1)
    const forbidden: readonly (readonly string[])[] = [
      ['10.0.0.1'],
      [PUBLIC, '10.0.0.1'],
      ['169.254.169.254'],
    ]
    for (const addresses of forbidden) {
      const guard = guardWith({ proxies: proxiesAt(proxy.url) }, addresses, [])
      await assert.rejects(fetchCard(guard, 'https://agent.example/'), { code: 'invalid_params' })
      await assert.rejects(getTask(guard, 'https://agent.example'), /may not be called/)
    }
    assert.equal(proxy.tunnels.length, 0)
  })

  test('the address that was checked is the one that is called', async () => {
    await using server = await serveCard()
    await using proxy = await toPort(server.port)
    const answers = [PUBLIC, '10.0.0.1']
    const guard = createGuard({
      policies: { cards: { allow: [`${PUBLIC}:8080`] } },
      resolve: async () => [{ address: answers.shift() ?? '10.0.0.1', family: 4 }],
      egress: createEgress({ proxies: proxiesAt(proxy.url) }),
    })
    const url = `http://agent.example:8080${WELL_KNOWN}`
    assert.equal(await fetchCard(guard, url), CARD)
    await assert.rejects(fetchCard(guard, url), /PARLEY_ALLOW_CARDS/)
    assert.equal(proxy.tunnels.length, 1)
  })

  test('nothing goes that is for this machine', async () => {
    await using server = await serveCard()
    await using proxy = await toPort(1)
    const guard = guardWith({ proxies: proxiesAt(proxy.url) }, ['127.0.0.1'])
    assert.equal(await fetchCard(guard, `http://agent.example:${server.port}${WELL_KNOWN}`), CARD)
    assert.equal(proxy.tunnels.length, 0)
  })

  test('that refuses, is gone, or leads to silence, the agent cannot be reached', async () => {
    await using refusing = await openConnectProxy({ answer: () => ({ status: 407 }) })
    await using silent = await openConnectProxy({ answer: () => undefined })
    await using mute = await openSilentServer()
    await using useless = await toPort(mute.port)
    const gone = await openConnectProxy({ answer: () => undefined })
    await gone[Symbol.asyncDispose]()
    for (const { url } of [refusing, silent, useless, gone]) {
      const guard = guardWith({ proxies: proxiesAt(url) })
      await assert.rejects(fetchCard(guard, 'https://agent.example/', 100), /cannot be reached/)
      for (const address of ['agent.example:8080', 'https://agent.example']) {
        await assert.rejects(getTask(guard, address, 100), (error: Error) => {
          assert.ok(error instanceof AgentFailure)
          return error.kind === 'not_accepted'
        })
      }
    }
    assert.equal(refusing.tunnels.length, 3)
  })
})

describe('a private CA', () => {
  const unnamed = (extraCa?: string) =>
    createGuard({
      policies: { agents: { allow: ['localhost'] }, cards: { allow: ['localhost'] } },
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
      egress: createEgress(extraCa === undefined ? {} : { extraCa }),
    })

  test('is trusted for HTTP/1.1 and HTTP/2 when it is given, and not before', async () => {
    await using server = await serveCard(identity)
    await using agent = await serveTask(grpcTls())
    const card = `https://localhost:${server.port}${WELL_KNOWN}`
    const task = `https://localhost:${agent.port}`
    await assert.rejects(fetchCard(unnamed(), card), /cannot be reached/)
    await assert.rejects(getTask(unnamed(), task), /cannot be reached/)
    assert.equal(await fetchCard(unnamed(CERTIFICATE), card), CARD)
    assert.equal(await getTask(unnamed(CERTIFICATE), task), 't')
  })

  test('does not vouch for another name', async () => {
    await using server = await serveCard(identity)
    const guard = createGuard({
      policies: { cards: { allow: ['other.example'] } },
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
      egress: createEgress({ extraCa: CERTIFICATE }),
    })
    await assert.rejects(fetchCard(guard, `https://other.example:${server.port}/`), /cannot be reached/)
    assert.equal(server.exchanges.length, 0)
  })

  test('is trusted besides the default ones', async () => {
    await using server = await serveCard(identity)
    setDefaultCACertificates([CERTIFICATE])
    try {
      const guard = unnamed(rootCertificates[0])
      assert.equal(await fetchCard(guard, `https://localhost:${server.port}${WELL_KNOWN}`), CARD)
    } finally {
      setDefaultCACertificates([...rootCertificates])
    }
  })
})
