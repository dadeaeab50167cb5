import assert from 'node:assert/strict'
import { it } from 'node:test'
import { commitOk } from './commit-all.ts'
import type { Cases } from './describe-backend.ts'
import { sampleAgent } from './sample-agent.ts'
import {
  contextOf,
  firstCommit,
  idempotencyOf,
  nextCommit,
  sampleWork,
  statusEvent,
  T0,
} from './sample-task.ts'

export const reopenCases: Cases = ({ open, openAt, newPlace }) => {
  it('is ready', async (t) => {
    const backend = await open(t)

    await backend.ready()
  })

  it('finds everything again after it was closed, if it survives that', async (t) => {
    const place = newPlace()
    const before = await openAt(t, place)
    const first = firstCommit()
    const context = contextOf(first.head)
    const idempotency = idempotencyOf(first.head)
    const claim = { token: 'held', until: T0 + 1000 }
    const work = [sampleWork('free'), sampleWork('held', { claim })]
    await commitOk(before, { ...first, context, idempotency, work })
    const next = await commitOk(before, nextCommit(first.head, [statusEvent()]))
    const agent = sampleAgent({ slug: 'shop' })
    await before.agents.commit({ agent, expectedVersion: 0 })
    await before[Symbol.asyncDispose]()

    const after = await openAt(t, place)

    if (!after.capabilities.survivesRestart) {
      assert.equal(await after.tasks.findHead(next.id), undefined)
      return
    }
    assert.deepEqual(await after.tasks.findHead(next.id), next)
    assert.deepEqual(
      (await after.tasks.readEvents(next.id, {})).map(({ seq }) => seq),
      [1, 2],
    )
    assert.deepEqual(await after.tasks.findContext(context), context)
    assert.deepEqual(await after.tasks.findIdempotency(idempotency.scope, T0), idempotency)
    assert.deepEqual(await after.agents.findBySlug('default', 'shop'), agent)
    const lease = { kinds: ['send' as const], limit: 10, now: T0, leaseMs: 1000, busyLanes: [] }
    assert.deepEqual(
      (await after.work.lease(lease)).map(({ key }) => key),
      ['free'],
    )
    assert.deepEqual(await after.work.renew([{ kind: 'send', key: 'held', token: 'held' }], T0 + 9), [])
    await commitOk(after, nextCommit(next, [statusEvent()]))
  })

  it('answers commits that were under way when it was closed', async (t) => {
    const backend = await open(t)
    const commits = Array.from({ length: 20 }, () => firstCommit())

    const answers = Promise.all(commits.map((commit) => backend.tasks.commit(commit)))
    await backend[Symbol.asyncDispose]()

    assert.deepEqual(await answers, Array(20).fill({ kind: 'committed' }))
  })

  it('may be closed twice', async (t) => {
    const backend = await open(t)

    await backend[Symbol.asyncDispose]()
    await backend[Symbol.asyncDispose]()
  })
}
