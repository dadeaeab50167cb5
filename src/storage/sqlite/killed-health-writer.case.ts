/**
 * A program for `health-crash.test.ts`: records what is seen of the agents named by its arguments, in the database
 * named by the first, until it is killed. Every line it prints, `<agent id> <version>`, is of health that was
 * acknowledged.
 */
import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { agentId } from '../../a2a/ids.ts'
import { createHealth } from '../../registry/health/create-health.ts'
import { openSqlite } from './open-sqlite.ts'

const [path = '', ...ids] = process.argv.slice(2)
const backend = await openSqlite({ path, now: Date.now })
const health = createHealth({ store: backend.health, now: Date.now, events: { agentHealthChanged() {} } })

async function watch(id: string): Promise<never> {
  const agent = await backend.agents.find(agentId(id))
  assert.ok(agent !== undefined)
  for (let n = 0; ; n++) {
    const outcome = n % 3 === 0 ? 'tls' : 'ok'
    const recorded = await health.record(agent, [
      { kind: 'interface', outcome, at: Date.now(), url: `https://agent.example/${process.pid}/${n}` },
    ])
    writeSync(1, `${id} ${recorded?.version}\n`)
  }
}

await Promise.all(ids.map(watch))
