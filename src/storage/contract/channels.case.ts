import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Cases } from './describe-backend.ts'
import { sampleAlert } from './sample-alert.ts'
import { sampleChannel, sampleNotification } from './sample-channel.ts'
import { T0 } from './sample-task.ts'

export const channelCases: Cases = ({ open, openAt, newPlace }) => {
  it('returns a channel as it was committed', async (t) => {
    const { channels } = await open(t)
    const channel = sampleChannel({
      lastSentAt: T0 + 1,
      lastFailure: { at: T0 + 2, message: 'hooks.example answered HTTP 503' },
    })

    assert.equal(await channels.commit({ channel, expectedVersion: 0 }), true)

    assert.deepEqual(await channels.find(channel.id), channel)
    assert.equal(await channels.find('missing'), undefined)
  })

  it('refuses a commit made from a stale read', async (t) => {
    const { channels } = await open(t)
    const channel = sampleChannel()
    const next = { ...channel, name: 'Day shift', version: 2 }

    assert.equal(await channels.commit({ channel, expectedVersion: 1 }), false)
    assert.equal(await channels.commit({ channel, expectedVersion: 0 }), true)
    assert.equal(await channels.commit({ channel, expectedVersion: 0 }), false)
    assert.equal(await channels.commit({ channel: next, expectedVersion: 1 }), true)
    assert.equal(await channels.commit({ channel, expectedVersion: 1, removed: true }), false)
    assert.deepEqual(await channels.find(channel.id), next)
    assert.equal(await channels.commit({ channel: next, expectedVersion: 2, removed: true }), true)
    assert.equal(await channels.find(channel.id), undefined)
  })

  it('lists the channels of a tenant, and those of all in pages, by id', async (t) => {
    const { channels } = await open(t)
    const own = ['a', 'c', 'e'].map((id) => sampleChannel({ id }))
    const others = ['b', 'd'].map((id) => sampleChannel({ id, tenant: 'other' }))
    for (const channel of [...own, ...others].toReversed()) {
      await channels.commit({ channel, expectedVersion: 0 })
    }

    assert.deepEqual(await channels.listOf('default'), own)
    assert.deepEqual(await channels.listOf('other'), others)
    assert.deepEqual(await channels.listOf('none'), [])
    const first = await channels.list(2)
    const second = await channels.list(9, first.at(-1)?.id)
    assert.deepEqual(
      [first, second].map((page) => page.map(({ id }) => id)),
      [
        ['a', 'b'],
        ['c', 'd', 'e'],
      ],
    )
  })

  it('keeps what became of telling each channel of each alert, from current reads only', async (t) => {
    const { channels } = await open(t)
    const one = sampleNotification()
    const other = sampleNotification({ channelId: 'channel-0', status: 'retrying', failure: 'HTTP 503' })
    const stray = sampleNotification({ alertId: 'alert-2' })
    for (const each of [one, other, stray]) assert.equal(await channels.commitNotification(each, 0), true)
    const next = { ...one, state: 'resolved', news: 2, version: 2 } as const

    assert.equal(await channels.commitNotification(next, 0), false)
    assert.equal(await channels.commitNotification(next, 1), true)

    assert.deepEqual(await channels.findNotification('alert-1', 'channel-1'), next)
    assert.equal(await channels.findNotification('alert-1', 'channel-2'), undefined)
    assert.deepEqual(await channels.listNotifications('alert-1'), [other, next])
    assert.deepEqual(await channels.listNotifications('alert-3'), [])
  })

  it('forgets what became of it together with the alert', async (t) => {
    const { alerts, channels } = await open(t)
    const old = sampleAlert({ endsAt: T0 })
    const kept = sampleAlert()
    await alerts.commit({ alerts: [old, kept] })
    for (const { id } of [old, kept])
      await channels.commitNotification(sampleNotification({ alertId: id }), 0)

    await alerts.prune(T0 + 1, 10)

    assert.deepEqual(await channels.listNotifications(old.id), [])
    assert.equal((await channels.listNotifications(kept.id)).length, 1)
  })

  it('finds all of it again after it was closed, if it survives that', async (t) => {
    const place = newPlace()
    const before = await openAt(t, place)
    const channel = sampleChannel()
    const notification = sampleNotification()
    await before.channels.commit({ channel, expectedVersion: 0 })
    await before.channels.commitNotification(notification, 0)
    await before[Symbol.asyncDispose]()

    const { channels, capabilities } = await openAt(t, place)

    const { survivesRestart } = capabilities
    assert.deepEqual(await channels.find(channel.id), survivesRestart ? channel : undefined)
    assert.deepEqual(
      await channels.findNotification('alert-1', 'channel-1'),
      survivesRestart ? notification : undefined,
    )
  })
}
