import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, listAt, textAt } from './json-path.ts'
import { startParley } from './parley-process.ts'
import { agentCard } from './raw-agent.ts'
import { native } from './rpc.ts'
import { newKey } from './world.ts'

test('the health of an agent and its history outlive a kill, and say to each what they may know', async () => {
  await using parley = await startParley()
  const owner = await newKey(parley, 'owner', ['agents:read', 'agents:write', 'agents:heartbeat'])
  const reader = await newKey(parley, 'reader', ['agents:read'])
  const ask = async (key: string, method: string, path: string, body?: unknown) => {
    const reply = await native(key, method, `${parley.url}/agents${path}`, body)
    assert.ok(reply.status < 300, reply.text)
    return reply.body
  }
  const card = agentCard('http://127.0.0.1:4999/')
  const id = textAt(await ask(owner, 'POST', '/register', { card, slug: 'watched' }), 'id')
  assert.equal(at(await ask(reader, 'GET', '/watched/health'), 'state'), 'unknown')
  const said = { reason: 'No disk', load: 0.5, dependencies: { 'db.internal': 'down' } }
  await ask(owner, 'POST', '/watched/heartbeat', { status: 'degraded', ...said })
  await ask(owner, 'POST', '/watched/heartbeat', { status: 'ok' })
  await ask(owner, 'POST', '/watched/heartbeat', { status: 'degraded', ...said })

  const known = await ask(owner, 'GET', '/watched/health')
  await parley.restart()

  const after = await ask(owner, 'GET', '/watched/health')
  for (const member of ['id', 'state', 'since', 'reason', 'checks', 'report']) {
    assert.deepEqual(at(after, member), at(known, member), member)
  }
  assert.equal(at(after, 'uptime', '24h'), 1)
  assert.deepEqual([at(after, 'id'), at(after, 'state')], [id, 'degraded'])
  assert.deepEqual(at(after, 'report', 'dependencies'), said.dependencies)
  assert.equal(at(after, 'reason', 'message'), said.reason)
  const others = await ask(reader, 'GET', '/watched/health')
  assert.deepEqual(at(others, 'reason'), { kind: 'heartbeat', outcome: 'degraded' })
  assert.doesNotMatch(JSON.stringify(others), /disk|internal/)

  for (const span of ['hour', 'day']) {
    const history = await ask(reader, 'GET', `/watched/health/history?span=${span}`)
    const checks = listAt(history, 'items').map((item) => Number(at(item, 'checks')))
    assert.equal(
      checks.reduce((sum, count) => sum + count, 0),
      3,
      span,
    )
  }
  const outcomes = listAt(await ask(owner, 'GET', '/watched/health/checks'), 'items').map((check) =>
    at(check, 'outcome'),
  )
  assert.deepEqual(outcomes, ['degraded', 'ok', 'degraded'])
  const refused = await native(reader, 'GET', `${parley.url}/agents/watched/health/checks`)
  assert.equal(refused.status, 403)
})
