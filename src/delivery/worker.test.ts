import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { as, cardText } from '../registry/open-registry.case.ts'
import { alice, atOnce, taskOf } from '../tasks/open-tasks.case.ts'
import type { Run, RunResult } from '../work/worker.ts'
import type { DeliveryDeps } from './delivery.ts'
import { gate, openDelivery } from './open-delivery.case.ts'

/** Runs that wait for the test, and how many went on at once. */
function counted() {
  const { passed, open } = gate()
  const facts = { now: 0, most: 0, lanes: new Map<string, number>(), mostPerLane: 0, begun: 0 }
  const run = async (deps: DeliveryDeps, { work }: Run): Promise<RunResult> => {
    const lane = (facts.lanes.get(work.lane) ?? 0) + 1
    facts.lanes.set(work.lane, lane)
    facts.begun++
    facts.most = Math.max(facts.most, ++facts.now)
    facts.mostPerLane = Math.max(facts.mostPerLane, lane)
    await passed
    facts.now--
    facts.lanes.set(work.lane, (facts.lanes.get(work.lane) ?? 1) - 1)
    await deps.queue.finish(work)
    return { kind: 'done' }
  }
  return { facts, run, open }
}

for (const isLocal of [true, false]) {
  describe(`a worker with work ${isLocal ? 'leased at birth' : 'from the queue'}`, () => {
    it('does no more at once than it may, in all and per agent, and all of it in the end', async (t) => {
      const { facts, run, open } = counted()
      const workerOptions = { kinds: ['send'] as const, concurrency: 5, perLane: 3, run }
      const world = await openDelivery(t, {}, { isLocal, workerOptions })
      await world.registry.register(as('key:publisher'), { card: cardText({ name: 'Other' }), slug: 'other' })
      for (let index = 0; index < 12; index++) {
        await world.tasks.sendMessage(alice, index % 3 === 0 ? 'other' : 'echo', atOnce(`${index}`), {})
      }

      open()
      await world.untilEnded(12)

      assert.deepEqual([facts.begun, facts.now], [12, 0])
      assert.ok(facts.most <= 5, `${facts.most} at once`)
      assert.ok(facts.mostPerLane <= 3, `${facts.mostPerLane} at once in one lane`)
      assert.equal(world.worker.active, 0)
    })
  })
}

describe('a worker', () => {
  it('gives the lane of one busy agent no chance to hold up another', async (t) => {
    const { facts, run, open } = counted()
    const world = await openDelivery(
      t,
      {},
      { workerOptions: { kinds: ['send'], concurrency: 8, perLane: 2, run } },
    )
    await world.registry.register(as('key:publisher'), { card: cardText({ name: 'Other' }), slug: 'other' })
    for (let index = 0; index < 5; index++)
      await world.tasks.sendMessage(alice, 'echo', atOnce(`${index}`), {})

    const { agentId } = await world.until(() => true)
    await world.tasks.sendMessage(alice, 'other', atOnce('quick'), {})

    const other = [...facts.lanes].filter(([lane]) => lane !== agentId)
    assert.deepEqual(
      other.map(([, count]) => count),
      [1],
    )
    open()
    await world.untilEnded(6)
  })

  it('tries again later what failed in a way nobody foresaw', async (t) => {
    let attempts = 0
    const run = async (deps: DeliveryDeps, { work }: Run): Promise<RunResult> => {
      if (++attempts === 1) throw new Error('a defect')
      await deps.queue.finish(work)
      return { kind: 'done' }
    }
    const world = await openDelivery(t, {}, { workerOptions: { kinds: ['send'], run } })
    await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {})
    await world.untilEnded(1)
    assert.equal(world.unexpected.length, 1)

    world.pass(10_000)
    await world.untilEnded(2)

    assert.deepEqual(world.ended, ['send handed_back', 'send done'])
  })

  it('gives a reservation back when the commit did not happen', async (t) => {
    const { run, open } = counted()
    open()
    const world = await openDelivery(t, {}, { workerOptions: { kinds: ['send'], concurrency: 1, run } })
    const { commit } = world.deps.store
    const failure = new Error('disk full')
    Object.assign(world.deps.store, { commit: () => Promise.reject(failure) })

    await assert.rejects(world.tasks.sendMessage(alice, 'echo', atOnce('lost'), {}), failure)
    Object.assign(world.deps.store, { commit })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('kept'), {}))
    await world.untilEnded(1)

    assert.equal((await world.until(() => true)).id, id)
  })

  it('aborts a run at once when a renewal finds its lease lost', async (t) => {
    const { passed, open } = gate()
    const run = async (_: DeliveryDeps, { signal }: Run): Promise<RunResult> => {
      open()
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      return { kind: 'done' }
    }
    const world = await openDelivery(t, {}, { workerOptions: { kinds: ['send'], renewMs: 5, run } })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
    await passed

    const head = await world.until((one) => one.id === id)
    await world.deps.store.commit({
      head: { ...head, version: head.version + 1 },
      expectedVersion: head.version,
      events: [],
      done: [{ kind: 'send', key: id }],
    })
    await world.untilEnded(1)

    assert.deepEqual(world.ended, ['send lost'])
  })

  it('renews the lease of a run that goes on', async (t) => {
    const { run, open } = counted()
    const world = await openDelivery(t, {}, { workerOptions: { kinds: ['send'], renewMs: 5, run } })
    await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {})
    const renewed = Promise.withResolvers<number>()
    const { renew } = world.backend.work
    Object.assign(world.backend.work, {
      async renew(...args: Parameters<typeof renew>) {
        const lost = await renew(...args)
        renewed.resolve(args[1])
        return lost
      },
    })
    world.clock.now += 20_000

    assert.equal(await renewed.promise, world.clock.now + 30_000)
    open()
    await world.untilEnded(1)
    assert.deepEqual(world.ended, ['send done'])
  })
})
