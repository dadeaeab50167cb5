import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AgentInterface } from '../a2a/agent-card.ts'
import { agentId } from '../a2a/ids.ts'
import { ANONYMOUS } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { Agent } from '../registry/agent.ts'
import { createExtendedCards } from './extended-cards.ts'
import {
  answerJson,
  type Exchange,
  openClient,
  openLoopbackServer,
  rpcError,
  rpcResult,
} from './loopback-server.case.ts'
import type { UpstreamLimits } from './upstream-limits.ts'

const CARD = '{ "name":"Echo", "supportedInterfaces":[], "x": 1.0 }'
const LEGACY_CARD = JSON.stringify({
  protocolVersion: '0.3.0',
  name: 'Echo',
  description: 'Echoes',
  version: '1',
  url: 'https://agent.example/',
  capabilities: {},
  defaultInputModes: [],
  defaultOutputModes: [],
  skills: [],
})
const call = {
  principal: { ...ANONYMOUS, subject: 'key:ada' },
  requestId: 'r',
  signal: new AbortController().signal,
}

/** An agent whose card names these interfaces. */
const agentAt = (...supportedInterfaces: readonly AgentInterface[]): Agent => ({
  id: agentId('agent-1'),
  slug: 'echo',
  tenant: 'default',
  owner: 'key:publisher',
  visibility: 'tenant',
  redelivery: 'at-most-once',
  version: 1,
  createdAt: 0,
  updatedAt: 0,
  lastHeartbeatAt: 0,
  heartbeatTtlMs: 1,
  lifecycle: 'active',
  originalCard: '',
  card: JSON.stringify({ supportedInterfaces, capabilities: {} }),
})

const rpc = (url: string, protocolVersion = '1.0'): AgentInterface => ({
  url,
  protocolBinding: 'JSONRPC',
  protocolVersion,
})
const rest = (url: string, protocolVersion = '1.0'): AgentInterface => ({
  ...rpc(url, protocolVersion),
  protocolBinding: 'HTTP+JSON',
})

async function fetchFrom(agent: Agent, limits: Partial<UpstreamLimits> = {}): Promise<string> {
  await using client = openClient(limits)
  return await createExtendedCards(client).fetchExtendedCard(agent, call)
}

const fails = (code: string) => (error: unknown) => {
  assert.ok(error instanceof ParleyError, String(error))
  assert.equal(error.code, code)
  return true
}

describe('fetching an extended card', () => {
  test('asks over the first interface of the card that we speak, and keeps the text', async () => {
    await using server = await openLoopbackServer((exchange) => answerJson(exchange, rpcResult(CARD)))
    const other = { url: server.url, protocolBinding: 'urn:pigeon', protocolVersion: '1.0' }
    const agent = agentAt(other, { ...rpc(server.url), tenant: 'acme' }, rest(server.url))
    assert.equal(await fetchFrom(agent), CARD)
    assert.match(
      server.exchanges[0]?.body ?? '',
      /"method":"GetExtendedAgentCard","params":{"tenant":"acme"}/,
    )
  })

  test('asks over REST where each version has it', async () => {
    await using server = await openLoopbackServer((exchange) =>
      answerJson(exchange, exchange.request.url === '/v1/card' ? LEGACY_CARD : CARD),
    )
    assert.equal(await fetchFrom(agentAt(rest(server.url))), CARD)
    assert.match(await fetchFrom(agentAt(rest(server.url, '0.3'))), /"supportedInterfaces"/)
    assert.deepEqual(
      server.exchanges.map(({ request }) => `${request.method} ${request.url}`),
      ['GET /extendedAgentCard', 'GET /v1/card'],
    )
  })

  test('takes a card of 0.3 for what it is in 1.0', async () => {
    await using server = await openLoopbackServer((exchange) => answerJson(exchange, rpcResult(LEGACY_CARD)))
    const card = JSON.parse(await fetchFrom(agentAt(rpc(server.url, '0.3'))))
    assert.deepEqual(card.supportedInterfaces, [
      { url: 'https://agent.example/', protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
    ])
    assert.match(server.exchanges[0]?.body ?? '', /"agent\/getAuthenticatedExtendedCard"/)
  })

  const none: readonly (readonly [name: string, (exchange: Exchange) => void, typeof rpc])[] = [
    ['says so', (exchange) => answerJson(exchange, rpcError(-32007)), rpc],
    ['does not know the method', (exchange) => answerJson(exchange, rpcError(-32601)), rpc],
    ['does not support it', (exchange) => answerJson(exchange, rpcError(-32004)), rpc],
    ['has nothing at its path', (exchange) => answerJson(exchange, 'no', 404), rest],
  ]
  for (const [name, answer, over] of none) {
    test(`finds that an agent has none when it ${name}`, async () => {
      await using server = await openLoopbackServer(answer)
      const card = fetchFrom(agentAt(over(server.url)))
      await assert.rejects(card, fails('extended_agent_card_not_configured'))
    })
  }

  for (const result of ['[]', '"card"', `{"x":"${'x'.repeat(2000)}"}`]) {
    test(`refuses ${result.slice(0, 10)} for a card`, async () => {
      await using server = await openLoopbackServer((exchange) => answerJson(exchange, rpcResult(result)))
      const card = fetchFrom(agentAt(rpc(server.url)), { maxCardBytes: 1000 })
      await assert.rejects(card, fails('invalid_agent_response'))
    })
  }

  test('refuses a card of 0.3 that is none', async () => {
    const broken = LEGACY_CARD.replace('"skills":[]', '"skills":{}')
    await using server = await openLoopbackServer((exchange) => answerJson(exchange, rpcResult(broken)))
    await assert.rejects(fetchFrom(agentAt(rpc(server.url, '0.3'))), fails('invalid_agent_response'))
  })

  test('says that an agent cannot be had now, and when to ask again', async () => {
    await using server = await openLoopbackServer((exchange) =>
      answerJson(exchange, 'busy', 503, { 'retry-after': '7' }),
    )
    await assert.rejects(fetchFrom(agentAt(rpc(server.url))), (error: ParleyError) => {
      assert.equal(error.retryAfterMs, 7000)
      return fails('agent_unavailable')(error)
    })
    await assert.rejects(fetchFrom(agentAt()), fails('agent_unavailable'))
  })
})
