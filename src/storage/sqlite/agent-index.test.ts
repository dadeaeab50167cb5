import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sampleAgent, sampleCard } from '../contract/sample-agent.ts'
import { Connection } from './connection.ts'
import { MIGRATIONS } from './migrations/migrations.ts'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './temporary-file.case.ts'

const cardAt = (url: string, name = 'New'): string =>
  JSON.stringify({
    ...JSON.parse(sampleCard({ name, skills: ['sum'] })),
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  })

it('an agent that was stored before there was an index, or in an older form of it, is found', async (t) => {
  const path = temporaryFile(t)
  const old = new Connection(path)
  old.exec(MIGRATIONS.slice(0, 2).join(';'))
  old.exec('PRAGMA user_version = 2')
  const agents = Array.from({ length: 120 }, (_, n) =>
    sampleAgent({ slug: `old-${n}`, card: cardAt('https://old.example', `Old ${n}`) }),
  )
  for (const { id, version, tenant, slug, owner, ...agent } of agents) {
    const text = JSON.stringify({ id, version, tenant, slug, owner, ...agent })
    old.run(
      'INSERT INTO agents (id, version, tenant, slug, owner, names, agent) VALUES (?,?,?,?,?,?,?)',
      ...[id, version, tenant, slug, owner, '', text],
    )
    old.run('INSERT INTO agent_beats (agent_id, at) VALUES (?, ?)', id, agent.lastHeartbeatAt ?? 0)
  }
  old[Symbol.dispose]()

  const found = async () => {
    await using backend = await openSqlite({ path, now: Date.now })
    const filter = { tenant: 'default', terms: [['skill:sum']], words: ['old'] } as const
    const listings = await backend.agents.search(filter, { limit: 1000 })
    assert.ok(
      listings.every(({ lastHeartbeatAt }) => lastHeartbeatAt === undefined),
      'registering was no beat',
    )
    return listings.map(({ id }) => id)
  }
  const rival = async () => {
    await using backend = await openSqlite({ path, now: Date.now })
    const agent = sampleAgent({ owner: 'key:eve', card: cardAt('https://old.example:443/') })
    return (await backend.agents.commit({ agent, expectedVersion: 0 })).kind
  }
  const ids = agents.map(({ id }) => id).sort()
  assert.deepEqual(await found(), ids)
  assert.equal(await rival(), 'address_taken', 'its address is claimed as well')

  const changed = new Connection(path)
  changed.exec('UPDATE agent_listings SET form = 0; DELETE FROM agent_text WHERE rowid < 50')
  changed[Symbol.dispose]()
  assert.deepEqual(await found(), ids)
})
