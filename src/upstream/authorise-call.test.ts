import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ServiceCall } from '../access/service-identity/service-tokens.ts'
import type { AgentTarget } from '../delivery/agent-client.ts'
import { CALLS, never } from './agent-calls.case.ts'
import { openGrpcAgent } from './grpc-agent.case.ts'
import { ADA, openClient, openLoopbackServer, targetOf } from './loopback-server.case.ts'

/** Makes tokens that say what they were made for, so that an agent's test can read it. */
const serviceTokens = { mint: async (call: ServiceCall) => JSON.stringify(call) }

type Heard = { readonly target: AgentTarget; readonly authorizations: readonly unknown[] }

/** Makes every call to an agent of each binding; tells what each of them carried. */
async function* heardOver(): AsyncGenerator<Heard> {
  for (const protocolBinding of ['JSONRPC', 'HTTP+JSON']) {
    await using server = await openLoopbackServer(({ response }) => void response.writeHead(403).end())
    const target = targetOf(`${server.url}/agent`, { protocolBinding })
    await callAll(target)
    yield { target, authorizations: server.exchanges.map(({ request }) => request.headers.authorization) }
  }
  await using agent = await openGrpcAgent((exchange) => exchange.end({ code: 7 }))
  await callAll(agent.target())
  yield {
    target: agent.target(),
    authorizations: agent.exchanges.map(({ header }) => header('authorization')),
  }
}

async function callAll(target: AgentTarget): Promise<void> {
  await using client = openClient({}, { serviceTokens })
  for (const [, call] of CALLS) {
    await assert.rejects(call(client, target, { signal: never, onBehalfOf: ADA }), { kind: 'not_accepted' })
  }
  await assert.rejects(client.getExtendedCard(target, { signal: never, onBehalfOf: ADA }))
}

describe('the service token of a call', () => {
  test('goes with every call over every binding, made for the interface and the caller', async () => {
    for await (const { target, authorizations } of heardOver()) {
      const claims = { ...ADA, audience: target.via.url, agentId: target.agentId }
      assert.equal(authorizations.length, CALLS.length + 1)
      for (const authorization of authorizations) {
        assert.match(String(authorization), /^Bearer /)
        assert.deepEqual(JSON.parse(String(authorization).slice('Bearer '.length)), claims)
      }
    }
  })
})
