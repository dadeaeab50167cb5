import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { agentId, newUuid } from '../a2a/ids.ts'
import { silentEvents } from '../telemetry/events.ts'
import { LeaseLost } from '../work/work.ts'
import type { LeasedWork } from '../work/work-queue.ts'
import { SendFailure } from './alert-sender.ts'
import type { StoredAlert } from './alert-store.ts'
import { notifyKey } from './notification.ts'
import { notifyChannel } from './notify-channel.ts'
import { alice, HOOK, NOW, openChannels } from './open-channels.case.ts'
import { pauseAfter } from './plan-notification.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const busy = () => {
  throw new SendFailure('hooks.example answered HTTP 503', { isTemporary: true })
}

/** One channel, an alert that it is to be told of, and a worker that is driven by hand. */
async function openNotifier() {
  const { backend, channels, sender, clock, vault } = await openChannels()
  const { id: channelId } = await channels.create(alice, JSON.stringify(HOOK))
  const alertId = newUuid()
  const work = { kind: 'notify', key: notifyKey(alertId, channelId), lane: channelId } as const
  let alert: StoredAlert = {
    id: alertId,
    tenant: 'default',
    ruleId: 'rule-1',
    ruleName: 'Shop is down',
    severity: 'critical',
    agentId: agentId('agent-1'),
    agentSlug: 'shop',
    summary: 'shop is down',
    startsAt: NOW,
    victims: [],
    news: 1,
    channels: [channelId],
  }
  /** What the alert is now, with work for it as whoever judges rules puts it. */
  const put = async (changes: Partial<StoredAlert> = {}) => {
    alert = { ...alert, ...changes }
    await backend.alerts.commit({ alerts: [alert], work: [{ ...work, dueAt: clock.now }] })
  }
  const lease = async (): Promise<LeasedWork | undefined> => {
    const [leased] = await backend.work.lease({
      kinds: ['notify'],
      limit: 1,
      now: clock.now,
      leaseMs: MINUTE,
      busyLanes: [],
    })
    return leased
  }
  const run = (leased: LeasedWork, signal = new AbortController().signal) =>
    notifyChannel(
      {
        alerts: backend.alerts,
        channels: backend.channels,
        queue: backend.work,
        vault,
        sender,
        events: silentEvents,
        now: () => clock.now,
        random: () => 1,
      },
      { work: leased, reserved: false, signal, setResumable() {} },
    )
  /** Does whatever is due now, until nothing is. */
  const doAll = async (): Promise<void> => {
    for (let leased = await lease(); leased !== undefined; leased = await lease()) {
      const result = await run(leased)
      if (result.kind === 'postponed') await backend.work.postpone(leased, result.dueAt)
    }
  }
  return {
    backend,
    channels,
    sender,
    clock,
    channelId,
    put,
    lease,
    run,
    work: doAll,
    notification: () => backend.channels.findNotification(alertId, channelId),
    nextDueAt: () => backend.work.nextDueAt(['notify'], clock.now),
    told: () => sender.sent.map((sent) => (sent.alert.endsAt === undefined ? 'firing' : 'resolved')),
  }
}

describe('a channel', () => {
  it('is told that an alert fires, once, and that it ended', async () => {
    const { put, work, told, sender, clock, notification, nextDueAt } = await openNotifier()

    await put()
    await work()
    await work()
    clock.now += 3 * HOUR
    await work()
    assert.deepEqual(told(), ['firing'])

    await put({ endsAt: clock.now, news: 2 })
    await work()
    assert.deepEqual(told(), ['firing', 'resolved'])
    assert.equal(new Set(sender.sent.map(({ id }) => id)).size, 2)
    const { status, state, news } = (await notification()) ?? {}
    assert.deepEqual([status, state, news], ['sent', 'resolved', 2])
    assert.equal(await nextDueAt(), undefined)
  })

  it('is told what the alert is now, not what it was', async () => {
    const { put, work, sender } = await openNotifier()

    await put()
    await put({ summary: 'shop is down, and so is cart', news: 2 })
    await work()

    assert.deepEqual(
      sender.sent.map(({ alert }) => alert.summary),
      ['shop is down, and so is cart'],
    )
  })

  it('is told each news, and each under an id of its own', async () => {
    const { put, work, sender } = await openNotifier()
    for (const news of [1, 2, 3]) {
      await put({ news })
      await work()
    }

    assert.equal(new Set(sender.sent.map(({ id }) => id)).size, 3)
    assert.ok(sender.sent.every(({ id }) => !id.includes('.')))
  })

  it('hears of no end of what it never heard of', async () => {
    const { put, work, sender, nextDueAt, notification } = await openNotifier()

    await put()
    await put({ endsAt: NOW, news: 2 })
    await work()

    assert.deepEqual(sender.sent, [])
    assert.deepEqual([await nextDueAt(), await notification()], [undefined, undefined])
  })

  it('hears of no end of what it certainly did not take', async () => {
    const { put, work, sender, told } = await openNotifier()
    sender.answer = busy
    await put()
    await work()
    await put({ endsAt: NOW, news: 2 })
    await work()

    assert.deepEqual(told(), ['firing'])
  })

  it('hears of the end of what it may have taken', async () => {
    const { put, work, sender, told } = await openNotifier()
    sender.answer = () => {
      throw new SendFailure('hung up', { isTemporary: true, mayHaveArrived: true })
    }
    await put()
    await work()
    sender.answer = () => {}
    await put({ endsAt: NOW, news: 2 })
    await work()

    assert.deepEqual(told(), ['firing', 'resolved'])
  })

  it('that is not among those that are told is not, but still hears of the end of what it knows', async () => {
    const { put, work, told } = await openNotifier()
    await put({ channels: [] })
    await work()
    assert.deepEqual(told(), [])
    const other = await openNotifier()
    await other.put()
    await other.work()
    await other.put({ channels: [], endsAt: NOW, news: 2 })
    await other.work()

    assert.deepEqual(other.told(), ['firing', 'resolved'])
  })

  it('that is deleted is told nothing more', async () => {
    const { put, work, channels, channelId, told, nextDueAt } = await openNotifier()
    await put()
    await channels.delete(alice, channelId)
    await work()

    assert.deepEqual([told(), await nextDueAt()], [[], undefined])
  })

  it('that wants to hear again that an alert fires does, under the same id, until it ends', async () => {
    const { put, work, sender, clock, told, nextDueAt } = await openNotifier()
    sender.repeat = 3 * MINUTE
    await put()
    await work()
    assert.equal(await nextDueAt(), NOW + 3 * MINUTE)
    clock.now += 3 * MINUTE
    await work()
    await put({ endsAt: clock.now, news: 2 })
    await work()

    assert.deepEqual(told(), ['firing', 'firing', 'resolved'])
    assert.equal(sender.sent[0]?.id, sender.sent[1]?.id)
    assert.equal(await nextDueAt(), undefined)
  })
})

describe('news that a channel does not take', () => {
  it('is left alone for whole milliseconds, however that is spread', () => {
    for (let attempts = 1; attempts < 20; attempts++) {
      for (const random of [0, 1 / 3, 0.987654321]) {
        assert.ok(Number.isInteger(pauseAfter(attempts, undefined, () => random)))
      }
    }
  })

  it('is sent again under the same id, after pauses that grow', async () => {
    const { put, work, sender, clock, nextDueAt, notification } = await openNotifier()
    sender.answer = busy
    await put()
    const pauses: number[] = []
    for (let n = 0; n < 10; n++) {
      await work()
      const dueAt = (await nextDueAt()) ?? 0
      pauses.push(dueAt - clock.now)
      clock.now = dueAt
    }
    assert.deepEqual(pauses.slice(0, 4), [10_000, 20_000, 40_000, 80_000])
    assert.equal(pauses.at(-1), 30 * MINUTE)

    sender.answer = () => {}
    await work()
    assert.equal(new Set(sender.sent.map(({ id }) => id)).size, 1)
    assert.equal((await notification())?.status, 'sent')
  })

  it('waits as long as it asks for, within reason', async () => {
    const { put, work, sender, nextDueAt } = await openNotifier()
    let retryAfterMs = 5 * MINUTE
    sender.answer = () => {
      throw new SendFailure('busy', { isTemporary: true, retryAfterMs })
    }
    await put()
    await work()
    assert.equal(await nextDueAt(), NOW + 5 * MINUTE)

    retryAfterMs = 365 * 24 * HOUR
    const other = await openNotifier()
    other.sender.answer = sender.answer
    await other.put()
    await other.work()
    assert.equal(await other.nextDueAt(), NOW + HOUR)
  })

  it('is given up after a day, and the channel and the alert say so', async () => {
    const { put, work, sender, clock, notification, channels, channelId, nextDueAt } = await openNotifier()
    sender.answer = busy
    await put()
    await work()
    while ((await notification())?.status === 'retrying') {
      clock.now = (await nextDueAt()) ?? 0
      await work()
    }

    assert.ok(clock.now >= NOW + 24 * HOUR && clock.now < NOW + 25 * HOUR)
    const { status, failure } = (await notification()) ?? {}
    assert.deepEqual([status, failure], ['given_up', 'hooks.example answered HTTP 503'])
    assert.equal((await channels.get(alice, channelId)).lastFailure?.message, failure)
    const attempts = sender.sent.length
    clock.now += 5 * HOUR
    await work()
    assert.equal(sender.sent.length, attempts)
  })

  it('for good is given up at once', async () => {
    const { put, work, sender, notification } = await openNotifier()
    sender.answer = () => {
      throw new SendFailure('hooks.example answered HTTP 404', { isTemporary: false })
    }
    await put()
    await work()

    assert.equal((await notification())?.status, 'given_up')
    assert.equal(sender.sent.length, 1)
  })
})

describe('a worker', () => {
  it('that dies while it sends leaves the same news, under the same id, to the next', async () => {
    const { put, work, lease, run, sender, clock, notification, told } = await openNotifier()
    await put()
    const leased = await lease()
    assert.ok(leased)
    const killed = new AbortController()
    sender.answer = () => {
      killed.abort(new Error('killed'))
      throw killed.signal.reason
    }
    await assert.rejects(run(leased, killed.signal), /killed/)
    assert.equal((await notification())?.status, 'trying')

    sender.answer = () => {}
    clock.now += MINUTE
    await work()
    assert.deepEqual(told(), ['firing', 'firing'])
    assert.equal(sender.sent[0]?.id, sender.sent[1]?.id)
  })

  it('that dies before an alert ends leaves its end to be told, for the channel may know of it', async () => {
    const { put, work, lease, run, sender, clock, told } = await openNotifier()
    await put()
    const leased = await lease()
    assert.ok(leased)
    sender.answer = () => {
      throw new Error('killed')
    }
    await assert.rejects(run(leased), /killed/)
    sender.answer = () => {}
    clock.now += MINUTE
    await put({ endsAt: clock.now, news: 2 })
    await work()

    assert.deepEqual(told(), ['firing', 'resolved'])
  })

  it('misses no news that comes while it sends', async () => {
    const { put, work, sender, told } = await openNotifier()
    sender.answer = async ({ alert }) => {
      if (alert.endsAt === undefined) await put({ endsAt: NOW, news: 2 })
    }
    await put()
    await work()

    assert.deepEqual(told(), ['firing', 'resolved'])
  })

  it('whose work another has taken over says nothing more', async () => {
    const { put, lease, run, sender, notification, backend } = await openNotifier()
    await put()
    const leased = await lease()
    assert.ok(leased)
    sender.answer = async () => {
      const before = await notification()
      assert.ok(before)
      await backend.channels.commitNotification({ ...before, version: before.version + 1 }, before.version)
    }

    await assert.rejects(run(leased), LeaseLost)
  })
})
