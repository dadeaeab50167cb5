import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { taskId } from '../../a2a/ids.ts'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './temporary-file.case.ts'

const PROGRAM = fileURLToPath(new URL('./killed-writer.case.ts', import.meta.url))

/** Lets a process commit, kills it, and says what it was told was durable: the greatest seq of each task. */
async function killWhileWriting(t: TestContext, path: string, lines: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, [PROGRAM, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  let left = lines
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    left -= text.split('\n').length - 1
    if (left <= 0) child.kill('SIGKILL')
  })
  const [code, signal] = await once(child, 'close')
  assert.deepEqual([code, signal], [null, 'SIGKILL'])
  const acknowledged = output.slice(0, output.lastIndexOf('\n')).split('\n')
  return new Map(
    acknowledged.map((line): [string, number] => {
      const [id = '', seq] = line.split(' ')
      return [id, Number(seq)]
    }),
  )
}

it('has every acknowledged commit, and logs without a gap, after its processes were killed', async (t) => {
  const path = temporaryFile(t)
  const acknowledged: [string, number][] = []
  for (const lines of [100, 333]) {
    const killed = await Promise.all([killWhileWriting(t, path, lines), killWhileWriting(t, path, lines * 2)])
    acknowledged.push(...killed.flatMap((tasks) => [...tasks]))
  }

  await using backend = await openSqlite({ path, now: Date.now })

  assert.ok(acknowledged.length >= 20)
  for (const [id, seq] of acknowledged) {
    const head = await backend.tasks.findHead(taskId(id))
    assert.ok(head !== undefined && head.seq >= seq, `${id} was acknowledged up to ${seq}`)
    const log = await backend.tasks.readEvents(taskId(id), {})
    assert.deepEqual(
      log.map((event) => event.seq),
      Array.from({ length: head.seq }, (_, index) => index + 1),
    )
    assert.equal(head.seq, head.version * 2 - 1)
  }
  const lease = { kinds: ['send' as const], limit: 1000, now: Date.now(), leaseMs: 1000, busyLanes: [] }
  const leased = new Set((await backend.work.lease(lease)).map(({ key }) => key))
  for (const [id] of acknowledged) assert.ok(leased.has(id))
})
