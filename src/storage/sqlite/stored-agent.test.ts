import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sampleAgent } from '../contract/sample-agent.ts'
import { storedAgent } from './stored-agent.ts'

it('an agent of before there were lifecycles is active, or disabled', () => {
  const agent = sampleAgent()
  const { lifecycle: _, ...old } = agent
  for (const [enabled, lifecycle] of [
    [true, 'active'],
    [false, 'disabled'],
  ] as const) {
    assert.deepEqual(storedAgent(JSON.stringify({ ...old, enabled })), { ...agent, lifecycle })
  }
  const deprecated = { ...agent, lifecycle: 'deprecated' } as const
  assert.deepEqual(storedAgent(JSON.stringify(deprecated)), deprecated)
})
