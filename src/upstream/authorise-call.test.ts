import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { securityOf } from '../a2a/security.ts'
import { NOTHING } from '../access/credentials/present-credentials.ts'
import type { ServiceCall } from '../access/service-identity/service-tokens.ts'
import type { AgentFailure, AgentTarget } from '../delivery/agent-client.ts'
import { CALLS, never, taskOf } from './agent-calls.case.ts'
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

describe('a call that the agent does not let in', () => {
  test('is made once more when there is something new to show, over every binding, and its failure says what was shown', async () => {
    let shown = 0
    const credentials = {
      present: async () => {
        const token = `t-${shown++}`
        return {
          ...NOTHING,
          headers: { authorization: `Bearer ${token}` },
          schemes: ['oauth'],
          renew: () => token === 't-0',
        }
      },
    }
    const security = securityOf({ securityRequirements: [{ schemes: { oauth: {} } }] })
    const refused = async (target: AgentTarget, seen: () => readonly unknown[][]) => {
      await using client = openClient({}, { serviceTokens, credentials })
      const calls: readonly ((to: AgentTarget) => Promise<unknown>)[] = [
        ...CALLS.map(
          ([, call]) =>
            (to: AgentTarget) =>
              call(client, to, { signal: never, onBehalfOf: ADA }),
        ),
        (to) => client.getExtendedCard(to, { signal: never, onBehalfOf: ADA }),
      ]
      for (const call of calls) {
        shown = 0
        const before = seen().length
        await assert.rejects(call({ ...target, security }), (error: AgentFailure) => {
          assert.deepEqual([error.kind, error.denied], ['not_accepted', 'unauthenticated'])
          assert.match(String(error.cause), /the credentials stored for oauth/)
          return true
        })
        const carried = seen().slice(before)
        assert.deepEqual(
          carried.map(([authorization]) => authorization),
          ['Bearer t-0', 'Bearer t-1'],
        )
        for (const [, identity] of carried) {
          assert.equal(JSON.parse(String(identity)).subject, ADA.subject)
        }
      }
    }
    for (const protocolBinding of ['JSONRPC', 'HTTP+JSON']) {
      await using server = await openLoopbackServer(({ response }) => void response.writeHead(401).end())
      await refused(targetOf(server.url, { protocolBinding }), () =>
        server.exchanges.map(({ request: { headers } }) => [
          headers.authorization,
          headers['parley-identity'],
        ]),
      )
    }
    await using agent = await openGrpcAgent((exchange) => exchange.end({ code: 16 }))
    const { via, ...target } = agent.target()
    await refused({ ...target, via: { ...via, url: `grpc://${via.url}` } }, () =>
      agent.exchanges.map(({ header }) => [header('authorization'), header('parley-identity')]),
    )
  })

  test('is made once only when the agent knew us and refused', async () => {
    const credentials = { present: async () => ({ ...NOTHING, schemes: ['oauth'], renew: () => true }) }
    const security = securityOf({ securityRequirements: [{ schemes: { oauth: {} } }] })
    await using server = await openLoopbackServer(({ response }) => void response.writeHead(403).end())
    await using client = openClient({}, { credentials })
    const target = { ...targetOf(server.url), security }
    await assert.rejects(client.getTask(target, 't', { signal: never, onBehalfOf: ADA }), {
      denied: 'forbidden',
    })
    assert.equal(server.exchanges.length, 1)
  })
})

test('A certificate is not demanded over a connection without TLS', async () => {
  const certificate = { id: 'c', cert: '', key: '' }
  const credentials = { present: async () => ({ ...NOTHING, schemes: ['tls'], certificate }) }
  const security = securityOf({ securityRequirements: [{ schemes: { tls: {} } }] })
  await using server = await openLoopbackServer(({ response }) => void response.end())
  await using client = openClient({}, { credentials })
  for (const via of [
    targetOf(server.url),
    targetOf(`grpc://127.0.0.1:${server.port}`, { protocolBinding: 'GRPC' }),
  ]) {
    await assert.rejects(client.getTask({ ...via, security }, 't', { signal: never, onBehalfOf: ADA }), {
      kind: 'not_accepted',
      message: /without TLS/,
    })
  }
  assert.equal(server.connections(), 0)
})

describe('what is stored for an agent of gRPC', () => {
  const security = securityOf({ securityRequirements: [{ schemes: { key: {} } }] })
  const credentials = {
    present: async () => ({ ...NOTHING, schemes: ['key'], headers: { 'x-key': 's3cret' } }),
  }
  const call = async (target: AgentTarget, deps = {}) => {
    await using client = openClient({}, deps)
    return await client.getTask(target, 't', { signal: never, onBehalfOf: ADA })
  }

  test('never goes in plain text to a bare address, where a call without it does', async () => {
    await using agent = await openGrpcAgent(({ say, end }) => say(taskOf(1)).then(() => end()))
    const target = agent.target()

    await call(target)
    await assert.rejects(call({ ...target, security }, { credentials }), { kind: 'not_accepted' })

    assert.deepEqual(
      agent.exchanges.map(({ header }) => header('x-key')),
      [undefined],
    )
  })

  test('goes in plain text to an address that says so', async () => {
    await using plain = await openGrpcAgent(({ say, end }) => say(taskOf(1)).then(() => end()))
    const said = targetOf(`grpc://127.0.0.1:${plain.port}`, { protocolBinding: 'GRPC' })
    await call({ ...said, security }, { credentials })
    assert.equal(plain.exchanges[0]?.header('x-key'), 's3cret')
  })
})
