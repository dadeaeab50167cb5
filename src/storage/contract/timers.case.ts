import assert from 'node:assert/strict'
import { it } from 'node:test'
import { WORK_KINDS } from '../../work/work.ts'
import { commitOk } from './commit-all.ts'
import type { Cases } from './describe-backend.ts'
import { firstCommit, nextCommit, sampleWork, statusEvent, T0 } from './sample-task.ts'

const lease = { kinds: WORK_KINDS, limit: 10, now: T0, leaseMs: 1000, busyLanes: [] }
const timer = (key: string, dueAt: number) => sampleWork(key, { kind: 'deadline', lane: 'deadline', dueAt })

export const timerCases: Cases = ({ open }) => {
  it('says when the next work of some kinds is due', async (t) => {
    const { work } = await open(t)
    assert.equal(await work.nextDueAt(WORK_KINDS, T0), undefined)

    await work.put([timer('a', T0 + 500), timer('b', T0 + 300), sampleWork('c', { dueAt: T0 + 400 })])

    assert.equal(await work.nextDueAt(WORK_KINDS, T0), T0 + 300)
    assert.equal(await work.nextDueAt(['send', 'cancel'], T0), T0 + 400)
    assert.equal(await work.nextDueAt(['cancel'], T0), undefined)
    assert.equal(await work.nextDueAt([], T0), undefined)
  })

  it('leaves leased work out until its lease expires', async (t) => {
    const { work } = await open(t)
    await work.put([sampleWork('a', { dueAt: T0 - 7 }), timer('b', T0 + 60_000)])
    await work.lease(lease)

    assert.equal(await work.nextDueAt(WORK_KINDS, T0 + 999), T0 + 60_000)
    assert.equal(await work.nextDueAt(['send'], T0 + 999), undefined)
    assert.equal(await work.nextDueAt(WORK_KINDS, T0 + 1000), T0 - 7)
  })

  it('fires a timer once it is due and not before', async (t) => {
    const { work } = await open(t)
    await work.put([timer('a', T0 + 10)])

    assert.deepEqual(await work.lease({ ...lease, now: T0 + 9 }), [])
    assert.deepEqual(
      (await work.lease({ ...lease, now: T0 + 10 })).map(({ key }) => key),
      ['a'],
    )
  })

  it('moves a timer with the commit that sets it again, and stops it with the commit that is done', async (t) => {
    const backend = await open(t)
    const { work } = backend
    const first = firstCommit()
    const { id } = await commitOk(backend, { ...first, work: [timer(first.head.id, T0 + 10)] })
    const moved = nextCommit(first.head, [statusEvent()], { work: [timer(id, T0 + 20)] })

    await commitOk(backend, moved)
    assert.equal(await work.nextDueAt(['deadline'], T0), T0 + 20)
    await commitOk(
      backend,
      nextCommit(moved.head, [statusEvent()], { done: [{ kind: 'deadline', key: id }] }),
    )
    assert.equal(await work.nextDueAt(['deadline'], T0), undefined)
  })
}
