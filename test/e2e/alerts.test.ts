import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Exchange, openLoopbackServer } from '../../src/upstream/loopback-server.case.ts'
import { eventually } from './eventually.ts'
import { at, listAt, textAt } from './json-path.ts'
import { startParley } from './parley-process.ts'
import { native } from './rpc.ts'
import { startScenarioAgent } from './scenario-agent-process.ts'

/** How long an agent must be down before there is an alert. */
const FOR_MS = 1000
/** What a gateway that was killed had leased, another takes up after 30 seconds. */
const LEASES_END_MS = 45_000

test('an agent that dies raises one alert, which outlives the gateway and ends once the agent is back', {
  timeout: 120_000,
}, async () => {
  await using opened = new AsyncDisposableStack()
  const pager = opened.use(await openLoopbackServer(({ response }: Exchange) => void response.end()))
  const env = { PARLEY_ALLOW_ALERTS: '127.0.0.1', PARLEY_PROBE_INTERVAL_MS: '300' }
  const parley = opened.use(await startParley({ env }))
  const agent = opened.use(await startScenarioAgent())
  const ask = (method: string, path: string, body?: object) =>
    native(parley.adminKey, method, `${parley.url}${path}`, body)
  const make = async (path: string, body: object): Promise<string> => {
    const reply = await ask('POST', path, body)
    assert.equal(reply.status, 201, reply.text)
    return textAt(reply.body, 'id')
  }
  const alerts = async () => listAt((await ask('GET', '/alerts')).body, 'items')
  const told = (status: string) =>
    eventually(
      `the pager is told that it is ${status}`,
      () =>
        pager.exchanges
          .map(({ body }) => JSON.parse(body) as unknown)
          .find((body) => at(body, 'status') === status),
      LEASES_END_MS,
    )

  const id = await make('/agents/register', { card: agent.card, slug: 'shop' })
  const channel = await make('/alerts/channels', { kind: 'webhook', name: 'Pager', url: pager.url })
  const rule = {
    name: 'Shop is down',
    severity: 'critical',
    target: { agent: 'shop' },
    condition: { state: 'down', forMs: FOR_MS },
    channels: [channel],
  }
  const ruleId = await make('/alerts/rules', rule)
  const shown = await ask('GET', `/alerts/rules/${ruleId}`)
  assert.deepEqual(at(shown.body, 'target'), { agent: id })
  assert.deepEqual(at(shown.body, 'condition'), rule.condition)
  const healthIs = (state: string) =>
    eventually(`the agent is ${state}`, async () => {
      const { body } = await ask('GET', `/agents/${id}/health`)
      return at(body, 'state') === state ? true : undefined
    })
  await healthIs('up')
  assert.deepEqual(await alerts(), [])

  agent.child.kill('SIGKILL')
  await agent.child.exited
  await healthIs('down')
  assert.equal((await parley.stop()).code, 0)
  await parley.restart()
  const firing = await told('firing')
  assert.equal(textAt(firing, 'alerts', 0, 'labels', 'alertname'), rule.name)
  const [alert] = await alerts()
  assert.deepEqual([at(alert, 'state'), at(alert, 'agent')], ['firing', { id, slug: 'shop' }])
  assert.match(textAt(alert, 'summary'), /^shop is down: \w+ unreachable/)
  const { since } = (await ask('GET', `/agents/${id}/health`)).body as { readonly since: string }
  assert.ok(Date.parse(textAt(alert, 'startsAt')) - Date.parse(since) >= FOR_MS)

  opened.use(await startScenarioAgent(Number(new URL(agent.url).port)))
  // As an agent does when it starts: it is looked at, at once.
  assert.equal((await ask('POST', '/agents/register', { card: agent.card, slug: 'shop' })).status, 200)
  await told('resolved')
  const [ended, ...others] = await alerts()
  assert.deepEqual(others, [])
  assert.deepEqual([at(ended, 'id'), at(ended, 'endReason')], [at(alert, 'id'), 'recovered'])
  const one = await ask('GET', `/alerts/${textAt(alert, 'id')}`)
  assert.deepEqual(one.body, ended)
})
