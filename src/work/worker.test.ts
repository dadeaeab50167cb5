import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemory } from '../storage/memory/open-memory.ts'
import { startWorker } from './worker.ts'

test('a worker that finds a backlog does no more of one lane at once than it may', async () => {
  const { work: queue } = await openMemory()
  const dueAt = Date.now()
  const queued = ['slow', 'slow', 'slow', 'slow', 'slow', 'quick'].map((lane, index) => ({
    kind: 'notify' as const,
    key: `${index}`,
    lane,
    dueAt,
  }))
  await queue.put(queued)
  const begun: string[] = []
  let ids = 0
  const quick = Promise.withResolvers<void>()
  const rest = Promise.withResolvers<void>()
  const deps = { queue, now: Date.now, newId: () => `${++ids}`, events: { unexpected: () => assert.fail() } }

  await using _ = startWorker(deps, {
    kinds: ['notify'],
    concurrency: 4,
    perLane: 2,
    leaseMs: 30_000,
    renewMs: 10_000,
    graceMs: 0,
    async run({ work }) {
      begun.push(work.lane)
      if (work.lane === 'quick') quick.resolve()
      await rest.promise
      await queue.finish(work)
      return { kind: 'done' }
    },
  })
  await quick.promise

  assert.deepEqual(begun, ['slow', 'slow', 'quick'])
  rest.resolve()
})
