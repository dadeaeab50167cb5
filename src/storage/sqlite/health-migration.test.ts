import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sampleAgent } from '../contract/sample-agent.ts'
import { sampleHealth } from '../contract/sample-health.ts'
import { Connection } from './connection.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/migrations.ts'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './temporary-file.case.ts'

/** Schemas of before there was health. */
const BEFORE = MIGRATIONS.slice(0, 5)

it('looks for the first time, within minutes, at every agent of before there was health', async (t) => {
  const path = temporaryFile(t)
  const agents = Array.from({ length: 20 }, () => sampleAgent())
  {
    using connection = new Connection(path)
    await migrate(connection, { path, now: Date.now, random: Math.random, migrations: BEFORE })
    for (const agent of agents) {
      const { id, version, tenant, slug, owner } = agent
      connection.run(
        'INSERT INTO agents (id, version, tenant, slug, owner, agent) VALUES (?, ?, ?, ?, ?, ?)',
        ...[id, version, tenant, slug, owner],
        JSON.stringify(agent),
      )
      connection.run('INSERT INTO agent_beats (agent_id, at) VALUES (?, ?)', id, 1000)
    }
  }
  const began = Date.now()

  await using backend = await openSqlite({ path, now: Date.now })

  const listed = await backend.agents.search({ tenant: 'default' }, { limit: 100 })
  assert.deepEqual(new Set(listed.map(({ health }) => health)), new Set(['unknown']))
  const due = { kinds: ['probe' as const], limit: 100, leaseMs: 1000, busyLanes: [] }
  const soon = await backend.work.lease({ ...due, now: began + 360_000 })
  assert.deepEqual(soon.map(({ key }) => key).sort(), agents.map(({ id }) => id).sort())
  assert.ok(new Set(soon.map(({ dueAt }) => dueAt)).size > 10)
  const [first] = agents
  assert.ok(first !== undefined)
  const health = sampleHealth(first.id)
  const commit = { health, expectedVersion: 0, checks: [], buckets: [] }
  assert.equal(await backend.health.commit(commit), 'committed')
  assert.deepEqual(await backend.health.find(first.id), health)
})
