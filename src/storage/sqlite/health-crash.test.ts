import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sampleAgent } from '../contract/sample-agent.ts'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './temporary-file.case.ts'

const PROGRAM = fileURLToPath(new URL('./killed-health-writer.case.ts', import.meta.url))

/** Lets a process record, kills it after so many lines, and says which it was told were durable. */
async function killWhileRecording(
  t: TestContext,
  path: string,
  ids: readonly string[],
  count: number,
): Promise<readonly string[]> {
  const child = spawn(process.execPath, [PROGRAM, path, ...ids], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (output.split('\n').length > count) child.kill('SIGKILL')
  })
  const [code, signal] = await once(child, 'close')
  assert.deepEqual([code, signal], [null, 'SIGKILL'])
  return output.slice(0, output.lastIndexOf('\n')).split('\n')
}

it('has the health and the history of every agent, as far as they were acknowledged, after its processes were killed', async (t) => {
  const path = temporaryFile(t)
  const agents = [sampleAgent(), sampleAgent(), sampleAgent()]
  {
    await using before = await openSqlite({ path, now: Date.now })
    for (const agent of agents) await before.agents.commit({ agent, expectedVersion: 0 })
  }
  const ids = agents.map(({ id }) => id)
  const acknowledged = (
    await Promise.all([
      killWhileRecording(t, path, ids, 60),
      killWhileRecording(t, path, ids, 90),
      killWhileRecording(t, path, ids, 120),
    ])
  ).flat()

  await using backend = await openSqlite({ path, now: Date.now })

  for (const id of ids) {
    const versions = acknowledged
      .filter((line) => line.startsWith(id))
      .map((line) => Number(line.split(' ')[1]))
    assert.ok(versions.length > 10)
    assert.equal(new Set(versions).size, versions.length)
    const health = await backend.health.find(id)
    assert.ok(health !== undefined && health.version >= Math.max(...versions))
    const hours = await backend.health.listBuckets(id, 'hour', 0)
    const sumOf = (key: 'checks' | 'failures') => hours.reduce((sum, hour) => sum + hour[key], 0)
    const checks = await backend.health.listChecks(id, 10_000)
    assert.deepEqual([checks.length, sumOf('checks')], [health.version, health.version])
    assert.equal(sumOf('failures'), checks.filter(({ outcome }) => outcome !== 'ok').length)
  }
  const lease = { kinds: ['alert' as const], limit: 10, now: Date.now(), leaseMs: 1000, busyLanes: [] }
  assert.deepEqual((await backend.work.lease(lease)).map(({ key }) => key).sort(), ids.toSorted())
})
