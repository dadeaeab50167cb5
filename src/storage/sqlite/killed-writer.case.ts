/**
 * A program for `crash.test.ts`: commits to the database named by its argument until it is killed. Every line it
 * prints, `<task id> <seq>`, is a commit that was acknowledged.
 */
import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { firstCommit, nextCommit, sampleWork, statusEvent } from '../contract/sample-task.ts'
import { openSqlite } from './open-sqlite.ts'

const backend = await openSqlite({ path: process.argv[2] ?? '', now: Date.now })

async function write(): Promise<never> {
  const first = firstCommit()
  let commit = { ...first, work: [sampleWork(first.head.id)] }
  for (;;) {
    assert.deepEqual(await backend.tasks.commit(commit), { kind: 'committed' })
    writeSync(1, `${commit.head.id} ${commit.head.seq}\n`)
    const events = [statusEvent({ body: `"${'x'.repeat(2000)}"` }), statusEvent()]
    commit = { ...nextCommit(commit.head, events), work: [sampleWork(commit.head.id)] }
  }
}

await Promise.all(Array.from({ length: 5 }, write))
