import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { GENESIS, hashOf } from '../../access/audit/chain.ts'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './temporary-file.case.ts'

const PROGRAM = fileURLToPath(new URL('./killed-audit-writer.case.ts', import.meta.url))

/** Lets a process make keys, kills it after so many, and says which it was told were durable. */
async function killWhileWriting(t: TestContext, path: string, count: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [PROGRAM, path], { stdio: ['ignore', 'pipe', 'inherit'] })
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

it('has a whole chain of each process that was killed, with every change and no other', async (t) => {
  const path = temporaryFile(t)
  const acknowledged = (
    await Promise.all([
      killWhileWriting(t, path, 50),
      killWhileWriting(t, path, 100),
      killWhileWriting(t, path, 150),
    ])
  ).flat()

  await using backend = await openSqlite({ path, now: Date.now })
  const { audit, keys } = backend

  const recorded: string[] = []
  const chains = await audit.listChains('default', 10)
  assert.equal(chains.length, 3)
  for (const { writer, n, hash } of chains) {
    const entries = await audit.readChain({ tenant: 'default', writer, after: 0, upTo: n }, n + 1)
    let previous = GENESIS
    for (const [index, entry] of entries.entries()) {
      assert.deepEqual([entry.n, entry.previous, hashOf(entry)], [index + 1, previous, entry.hash])
      previous = entry.hash
      recorded.push(entry.target.id)
    }
    assert.deepEqual([entries.length, previous], [n, hash])
  }
  const stored = (await keys.list('default', 100_000)).map(({ id }) => id)
  assert.deepEqual(recorded.sort(), stored.sort())
  assert.ok(acknowledged.every((id) => stored.includes(id)))
})
