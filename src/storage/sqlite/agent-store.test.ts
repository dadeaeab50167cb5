import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sampleAgent } from '../contract/sample-agent.ts'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './temporary-file.case.ts'

it('keeps an agent parsed until others need the room: large ones sooner', async (t) => {
  await using backend = await openSqlite({ path: temporaryFile(t), now: Date.now })
  const create = async (size: number) => {
    const agent = sampleAgent({ originalCard: 'x'.repeat(size) })
    await backend.agents.commit({ agent, expectedVersion: 0 })
    return agent.id
  }
  const first = await create(10)
  const kept = await backend.agents.find(first)
  const isKept = async () => (await backend.agents.find(first)) === kept

  for (let n = 0; n < 100; n++) await backend.agents.find(await create(1000))
  assert.ok(await isKept())
  for (let n = 0; n < 40; n++) await backend.agents.find(await create(1024 * 1024))
  assert.ok(!(await isKept()))
})
