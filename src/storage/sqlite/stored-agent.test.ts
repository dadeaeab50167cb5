import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sampleAgent } from '../contract/sample-agent.ts'
import { storedAgent } from './stored-agent.ts'

it('an agent of before there were lifecycles is active, or disabled', () => {
  const { lastHeartbeatAt: _, ...agent } = sampleAgent()
  const { lifecycle: __, ...old } = agent
  for (const [enabled, lifecycle] of [
    [true, 'active'],
    [false, 'disabled'],
  ] as const) {
    assert.deepEqual(storedAgent(JSON.stringify({ ...old, enabled })), { ...agent, lifecycle })
  }
  const deprecated = { ...agent, lifecycle: 'deprecated' } as const
  assert.deepEqual(storedAgent(JSON.stringify(deprecated)), deprecated)
})

it('an agent of before heartbeats were declared has none by being registered, and declared none', () => {
  const { heartbeatTtlMs: _, lastHeartbeatAt: __, ...agent } = sampleAgent()
  const old = { ...agent, lastHeartbeatAt: 5, heartbeatTtlMs: 300_000 }

  assert.deepEqual(storedAgent(JSON.stringify(old)), agent)
  assert.deepEqual(storedAgent(JSON.stringify({ ...old, heartbeatTtlMs: 5000 })), {
    ...agent,
    heartbeatTtlMs: 5000,
  })
  const declared = { ...agent, heartbeatTtlMs: 300_000, heartbeatsDeclaredAt: 5 }
  assert.deepEqual(storedAgent(JSON.stringify(declared)), declared)
})
