import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { eventually } from './eventually.ts'
import { at, listAt, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { agentCard } from './raw-agent.ts'
import { native } from './rpc.ts'
import { startScenarioAgent } from './scenario-agent-process.ts'
import { newKey } from './world.ts'

const PUBLISHER = ['agents:read', 'agents:write', 'tasks:submit', 'tasks:read']

/** Agents are looked at several times a second. */
const OFTEN = { PARLEY_PROBE_INTERVAL_MS: '300', PARLEY_PROBE_TIMEOUT_MS: '2000' }

describe('agents that Parley looks at', { timeout: 120_000 }, () => {
  let parley: ParleyProcess
  let key: string
  const opened = new AsyncDisposableStack()

  before(async () => {
    parley = opened.use(await startParley({ env: OFTEN }))
    key = await newKey(parley, 'publisher', PUBLISHER)
  })
  after(() => opened.disposeAsync())

  const register = async (body: unknown, as = key) => {
    const { status, body: agent, text } = await native(as, 'POST', `${parley.url}/agents/register`, body)
    assert.equal(status, 201, text)
    return textAt(agent, 'id')
  }
  const healthOf = async (id: string, as = key) =>
    at((await native(as, 'GET', `${parley.url}/agents/${id}`)).body, 'health')
  const becomes = (id: string, state: string) =>
    eventually(`${id} is ${state}`, async () => {
      const health = await healthOf(id)
      return at(health, 'state') === state ? health : undefined
    })

  test('are down soon after they were killed, and up soon after they came back', async () => {
    const agent = await startScenarioAgent()
    const port = Number(new URL(agent.url).port)
    // Its gRPC port is another each time.
    const supportedInterfaces = listAt(agent.card, 'supportedInterfaces').filter(
      (via) => at(via, 'protocolBinding') !== 'GRPC',
    )
    const id = await register({
      card: Object.assign({}, agent.card, { supportedInterfaces }),
      slug: 'killed',
    })
    await becomes(id, 'up')

    await agent[Symbol.asyncDispose]()
    const down = await becomes(id, 'down')
    assert.equal(at(down, 'reason', 'kind'), 'interface')
    assert.equal(at(down, 'reason', 'outcome'), 'unreachable')

    await parley.restart()
    assert.deepEqual(await healthOf(id), down)

    await using _again = await startScenarioAgent(port)
    const up = await becomes(id, 'up')
    assert.equal(at(up, 'reason'), undefined)
  })

  test('are not up when their card is there and their calls fail', async () => {
    const server = createServer((request, response) => {
      if (request.method === 'GET') {
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify(agentCard(`http://127.0.0.1:${port}/`)))
      } else response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Soon</html>')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    opened.defer(() => {
      server.closeAllConnections()
      server.close()
    })
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0

    const id = await register({ cardUrl: `http://127.0.0.1:${port}/`, slug: 'facade' })

    const states = new Set<unknown>()
    const health = await eventually('it is down', async () => {
      const seen = await healthOf(id)
      states.add(at(seen, 'state'))
      return at(seen, 'state') === 'down' ? seen : undefined
    })
    assert.equal(at(health, 'reason', 'outcome'), 'bad-shape')
    assert.ok(!states.has('up'), [...states].join())
  })

  test('are asked what their owner wants, now and every so often', async () => {
    await using agent = await startScenarioAgent()
    const id = await register({ card: agent.card, slug: 'probed' })
    await becomes(id, 'up')
    const probe = `${parley.url}/agents/${id}/probe`
    const check = async () => (await native(key, 'POST', `${parley.url}/agents/${id}/check`)).body
    const taskIn = (health: unknown) =>
      listAt(health, 'checks').find((one) => at(one, 'kind') === 'task') ?? assert.fail('it was not sent')

    assert.equal((await native(key, 'PUT', probe, { text: 'echo hello', expect: 'HELLO' })).status, 201)
    const well = await check()
    assert.equal(at(well, 'complete'), true)
    assert.equal(at(taskIn(well), 'outcome'), 'ok', JSON.stringify(well))
    assert.equal(typeof at(well, 'verifiedAt'), 'string')

    assert.equal((await native(key, 'PUT', probe, { text: 'echo hello', expect: 'goodbye' })).status, 200)
    const odd = await check()
    assert.equal(at(taskIn(odd), 'outcome'), 'unexpected')
    assert.notEqual(at(odd, 'state'), 'up')

    assert.equal((await native(key, 'DELETE', probe)).status, 204)
    await becomes(id, 'up')
    assert.ok((await agent.record()).length >= 2)
  })
})
