import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { LeasedWork, LeaseRequest } from '../../work/work-queue.ts'
import { commitOk } from './commit-all.ts'
import type { Cases } from './describe-backend.ts'
import { firstCommit, nextCommit, sampleWork, statusEvent, T0 } from './sample-task.ts'

const request = (changes: Partial<LeaseRequest> = {}): LeaseRequest => ({
  kinds: ['send', 'cancel', 'deadline'],
  limit: 10,
  now: T0,
  leaseMs: 30_000,
  busyLanes: [],
  ...changes,
})

const keysOf = (work: readonly { readonly key: string }[]) => work.map(({ key }) => key)

/** What `leased` must hold at index 0. */
function only(leased: readonly LeasedWork[]): LeasedWork {
  const [work] = leased
  assert.ok(work !== undefined && leased.length === 1, `one piece of work, not ${leased.length}`)
  return work
}

export const leaseCases: Cases = ({ open }) => {
  it('leases due work, earliest first, up to the limit', async (t) => {
    const { work } = await open(t)
    await work.put([
      sampleWork('later', { dueAt: T0 + 1 }),
      sampleWork('third', { dueAt: T0 - 1 }),
      sampleWork('first', { dueAt: T0 - 9 }),
      sampleWork('second', { dueAt: T0 - 5, kind: 'cancel' }),
    ])

    const leased = await work.lease(request({ limit: 2 }))

    assert.deepEqual(keysOf(leased), ['first', 'second'])
    const { token, ...first } = leased[0] ?? only([])
    const lane = 'agent-1'
    assert.deepEqual(first, {
      kind: 'send',
      key: 'first',
      lane,
      dueAt: T0 - 9,
      attempt: 1,
      until: T0 + 30_000,
    })
    assert.notEqual(token, leased[1]?.token)
    assert.deepEqual(keysOf(await work.lease(request())), ['third'])
    assert.deepEqual(keysOf(await work.lease(request())), [])
    assert.deepEqual(keysOf(await work.lease(request({ now: T0 + 1 }))), ['later'])
  })

  it('leases only the kinds asked for', async (t) => {
    const { work } = await open(t)
    await work.put([sampleWork('t', { kind: 'send' }), sampleWork('t', { kind: 'deadline' })])

    assert.deepEqual(
      (await work.lease(request({ kinds: ['deadline'] }))).map(({ kind }) => kind),
      ['deadline'],
    )
    assert.deepEqual(
      (await work.lease(request())).map(({ kind }) => kind),
      ['send'],
    )
    assert.deepEqual(await work.lease(request({ kinds: [] })), [])
  })

  it('gives each piece of work to exactly one of many workers that lease at once', async (t) => {
    const { work } = await open(t)
    await work.put(Array.from({ length: 40 }, (_, index) => sampleWork(`w-${index}`)))

    const leases = await Promise.all(Array.from({ length: 20 }, () => work.lease(request({ limit: 3 }))))

    const keys = keysOf(leases.flat())
    assert.equal(keys.length, 40)
    assert.equal(new Set(keys).size, 40)
    assert.equal(new Set(leases.flat().map(({ token }) => token)).size, 40)
  })

  it('leaves work of busy lanes for later', async (t) => {
    const { work } = await open(t)
    await work.put([
      sampleWork('a', { lane: 'slow', dueAt: T0 - 5 }),
      sampleWork('b', { lane: 'slow', dueAt: T0 - 4 }),
      sampleWork('c', { lane: 'fast' }),
    ])

    assert.deepEqual(keysOf(await work.lease(request({ limit: 1, busyLanes: ['slow', 'x"y'] }))), ['c'])
    assert.deepEqual(keysOf(await work.lease(request({ busyLanes: ['slow'] }))), [])
    assert.deepEqual(keysOf(await work.lease(request())), ['a', 'b'])
  })

  it('leases no more of one lane than is asked for, taken over or not', async (t) => {
    const { work } = await open(t)
    const held = [sampleWork('slow-0', { lane: 'slow' }), sampleWork('slow-1', { lane: 'slow' })]
    await work.put(held)
    await work.lease(request({ leaseMs: 1000 }))
    const more = Array.from({ length: 5 }, (_, index) => sampleWork(`slow-${index + 2}`, { lane: 'slow' }))
    await work.put([...more, sampleWork('fast-0', { lane: 'fast', dueAt: T0 + 1 })])

    const leased = await work.lease(request({ now: T0 + 1000, perLane: 1 }))

    assert.deepEqual(
      leased.map(({ lane }) => lane),
      ['slow', 'fast'],
    )
  })

  it('finds work behind a long queue of busy lanes, earliest of all lanes first', async (t) => {
    const { work } = await open(t)
    const lane = (name: string, count: number, dueAt: number) =>
      Array.from({ length: count }, (_, index) =>
        sampleWork(`${name}-${index}`, { lane: name, dueAt: dueAt + index }),
      )
    await work.put([...lane('slow', 50, T0 - 900), ...lane('b', 3, T0 - 20), ...lane('a', 3, T0 - 19)])

    const leased = await work.lease(request({ limit: 3, busyLanes: ['slow'] }))

    assert.deepEqual(keysOf(leased).toSorted(), ['a-0', 'b-0', 'b-1'])
    assert.ok(leased.every(({ dueAt }, index) => index === 0 || dueAt >= (leased[index - 1]?.dueAt ?? 0)))
    assert.deepEqual(keysOf(await work.lease(request({ limit: 1 }))), ['slow-0'])
  })

  it('takes over many expired leases, and leaves those of busy lanes to their turn', async (t) => {
    const { work } = await open(t)
    await work.put(
      Array.from({ length: 30 }, (_, index) => sampleWork(`w-${index}`, { lane: `l-${index % 3}` })),
    )
    const first = await work.lease(request({ limit: 30 }))
    const now = T0 + 30_000

    const second = await work.lease(request({ limit: 5, now, busyLanes: ['l-0', 'l-1'] }))
    const third = await work.lease(request({ limit: 30, now }))

    assert.ok(second.every(({ lane, attempt }) => lane === 'l-2' && attempt === 2))
    assert.equal(new Set(keysOf([...second, ...third])).size, 30)
    assert.equal((await work.renew(first, now + 1)).length, 30)
  })

  it('renews a lease that is held and names those that are lost', async (t) => {
    const { work } = await open(t)
    await work.put([sampleWork('w')])
    const held = only(await work.lease(request()))
    const lost = { ...held, token: 'other' }
    const gone = { kind: 'cancel' as const, key: 'nothing', token: held.token }

    assert.deepEqual(await work.renew([held, lost, gone], T0 + 60_000), [lost, gone])
    assert.deepEqual(await work.lease(request({ now: T0 + 59_999 })), [])
    assert.deepEqual(keysOf(await work.lease(request({ now: T0 + 60_000 }))), ['w'])
  })

  it('hands an expired lease to another worker and fences the first', async (t) => {
    const backend = await open(t)
    const head = await commitOk(backend, firstCommit({}, { work: [sampleWork('w')] }))
    const first = only(await backend.work.lease(request()))
    const second = only(await backend.work.lease(request({ now: first.until })))
    const next = nextCommit(head, [statusEvent()])

    assert.equal(second.attempt, 2)
    assert.notEqual(second.token, first.token)
    assert.deepEqual(await backend.tasks.commit({ ...next, fence: first }), { kind: 'fenced' })
    assert.deepEqual(await backend.work.renew([first], T0 + 90_000), [first])
    assert.equal(await backend.work.finish(first), false)
    assert.deepEqual(await backend.tasks.commit({ ...next, fence: second }), { kind: 'committed' })
    assert.equal(await backend.work.finish(second), true)
    assert.equal(await backend.work.finish(second), false)
  })

  it('lets a worker whose lease ran out go on while nobody took it over', async (t) => {
    const backend = await open(t)
    const head = await commitOk(backend, firstCommit({}, { work: [sampleWork('w')] }))
    const held = only(await backend.work.lease(request()))
    const late = nextCommit(head, [statusEvent({ at: held.until + 5 })])

    const busyLanes = [held.lane]
    assert.deepEqual(await backend.work.lease(request({ now: held.until + 1, busyLanes })), [])
    assert.deepEqual(await backend.tasks.commit({ ...late, fence: held }), { kind: 'committed' })
    assert.deepEqual(await backend.work.renew([held], held.until + 30_000), [])
    assert.deepEqual(await backend.work.lease(request({ now: held.until + 10 })), [])
  })

  it('hands released work back as if it had never been leased', async (t) => {
    const { work } = await open(t)
    await work.put([sampleWork('w')])
    const first = only(await work.lease(request()))

    await work.release([{ ...first, token: 'other' }], T0 - 3)
    assert.deepEqual(await work.lease(request()), [])
    await work.release([first], T0 + 5)

    assert.deepEqual(await work.lease(request({ now: T0 + 4 })), [])
    const second = only(await work.lease(request({ now: T0 + 5 })))
    assert.equal(second.attempt, 1)
    assert.equal(second.dueAt, T0 + 5)
    assert.equal(await work.finish(first), false)
  })

  it('leases work from birth when its commit claims it', async (t) => {
    const backend = await open(t)
    const claim = { token: 'born', until: T0 + 30_000 }
    const head = await commitOk(backend, firstCommit({}, { work: [sampleWork('w', { claim })] }))
    const fence = { kind: 'send' as const, key: 'w', token: 'born' }

    assert.deepEqual(await backend.work.lease(request()), [])
    assert.deepEqual(await backend.work.renew([fence], T0 + 40_000), [])
    const next = nextCommit(head, [statusEvent()], { fence })
    assert.deepEqual(await backend.tasks.commit(next), { kind: 'committed' })
    const taken = only(await backend.work.lease(request({ now: T0 + 40_000 })))
    assert.equal(taken.attempt, 2)
    assert.equal(await backend.work.finish(fence), false)
  })

  it('removes work a commit is done with, and puts work after that', async (t) => {
    const backend = await open(t)
    const head = await commitOk(
      backend,
      firstCommit({}, { work: [sampleWork('w'), sampleWork('w', { kind: 'cancel' })] }),
    )
    const held = only(await backend.work.lease(request({ kinds: ['send'] })))
    const ref = { kind: 'send' as const, key: 'w' }
    const both = { fence: held, done: [ref], work: [sampleWork('w', { dueAt: T0 + 7 })] }

    await commitOk(backend, nextCommit(head, [statusEvent()], both))

    assert.equal(await backend.work.finish(held), false)
    assert.deepEqual(await backend.work.lease(request({ kinds: ['send'] })), [])
    const fresh = only(await backend.work.lease(request({ kinds: ['send'], now: T0 + 7 })))
    assert.equal(fresh.attempt, 1)
    assert.deepEqual(
      (await backend.work.lease(request())).map(({ kind }) => kind),
      ['cancel'],
    )
  })

  it('moves the due time of work that is put again and leaves its lease alone', async (t) => {
    const { work } = await open(t)
    await work.put([sampleWork('free'), sampleWork('held', { dueAt: T0 - 1 })])
    const held = only(await work.lease(request({ limit: 1 })))
    const claim = { token: 'thief', until: T0 + 99_999 }

    await work.put([
      sampleWork('free', { dueAt: T0 + 10, claim }),
      sampleWork('held', { dueAt: T0 + 20, claim }),
    ])

    assert.deepEqual(await work.lease(request()), [])
    assert.deepEqual(await work.renew([held, { ...held, key: 'free', token: 'thief' }], T0 + 15), [
      { ...held, key: 'free', token: 'thief' },
    ])
    assert.deepEqual(keysOf(await work.lease(request({ now: T0 + 15 }))), ['free'])
    const again = only(await work.lease(request({ now: T0 + 20 })))
    assert.deepEqual([again.key, again.dueAt, again.attempt], ['held', T0 + 20, 2])
  })

  it('postpones work, but not beyond what it was put again for meanwhile', async (t) => {
    const { work } = await open(t)
    await work.put([sampleWork('quiet'), sampleWork('stirred')])
    const [quiet, stirred] = await work.lease(request())
    assert.ok(quiet !== undefined && stirred !== undefined)
    await work.put([sampleWork(stirred.key, { dueAt: T0 + 3 })])

    await work.postpone(quiet, T0 + 50)
    await work.postpone(stirred, T0 + 50)

    assert.deepEqual(keysOf(await work.lease(request({ now: T0 + 3 }))), [stirred.key])
    const again = only(await work.lease(request({ now: T0 + 50 })))
    assert.deepEqual([again.key, again.attempt], [quiet.key, 1])
  })
}
