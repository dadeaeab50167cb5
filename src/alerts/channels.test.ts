import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { createVault, masterKey } from '../access/vault.ts'
import { ParleyError } from '../errors.ts'
import { SendFailure } from './alert-sender.ts'
import { openTarget } from './channel.ts'
import { alice, callBy, HOOK, NOW, openChannels, SECRET } from './open-channels.case.ts'
import { sealedChannels } from './sealed-channels.ts'

const bob = callBy('key:bob')
const admin = callBy('key:admin', { scopes: ['admin'] })
const stranger = callBy('key:alice', { tenant: 'other', scopes: ['admin'] })
const onCall = callBy('corp:carol', { groups: ['corp:on-call'] })

const text = (body: object) => JSON.stringify(body)

const errorOf = async (rejecting: Promise<unknown>): Promise<ParleyError> => {
  try {
    await rejecting
  } catch (error) {
    return ParleyError.from(error)
  }
  throw new Error('it was accepted')
}

/** Everything about an error that its caller learns. */
const shown = ({ code, message, violations, details }: ParleyError) =>
  JSON.stringify({ code, message, violations, details })

describe('a channel', () => {
  it('is shown without its secrets, and keeps them sealed', async () => {
    const { channels, backend, vault } = await openChannels()

    const made = await channels.create(alice, text(HOOK))

    assert.deepEqual(made, {
      id: made.id,
      tenant: 'default',
      name: 'Night shift',
      kind: 'webhook',
      owner: 'key:alice',
      createdBy: 'key:alice',
      createdAt: NOW,
      host: 'hooks.example',
      isSigned: true,
    })
    assert.deepEqual(await channels.get(alice, made.id), made)
    const stored = await backend.channels.find(made.id)
    assert.ok(stored)
    assert.doesNotMatch(JSON.stringify(stored), /s3cret|whsec_/)
    assert.deepEqual(await openTarget(vault, stored), { kind: 'webhook', url: HOOK.url, secret: SECRET })
  })

  it('does not open for whoever else it is given to in the database', async () => {
    const { channels, backend, vault } = await openChannels()
    const { id } = await channels.create(alice, text(HOOK))
    const stored = await backend.channels.find(id)
    assert.ok(stored)

    for (const change of [
      { owner: 'key:eve' },
      { tenant: 'other' },
      { id: 'other' },
      { kind: 'slack' } as const,
    ]) {
      await assert.rejects(openTarget(vault, { ...stored, ...change }), { code: 'internal' })
    }
  })

  it('stays with its owner when others who may change it name none', async () => {
    const { channels } = await openChannels()
    const mine = await channels.create(alice, text(HOOK))
    const ours = await channels.create(onCall, text({ ...HOOK, owner: 'group:corp:on-call' }))

    assert.equal((await channels.replace(admin, mine.id, text({ ...HOOK, name: 'Days' }))).owner, mine.owner)
    assert.equal((await channels.replace(onCall, ours.id, text({ ...HOOK, name: 'Days' }))).owner, ours.owner)
  })

  it('is there for its owner, for the group that owns it and for admins, and for nobody else', async () => {
    const { channels } = await openChannels()
    const mine = await channels.create(alice, text(HOOK))
    const ours = await channels.create(onCall, text({ ...HOOK, owner: 'group:corp:on-call' }))
    const colleague = callBy('corp:dave', { groups: ['corp:on-call'] })

    for (const call of [alice, admin]) assert.deepEqual(await channels.get(call, mine.id), mine)
    for (const call of [onCall, colleague, admin]) assert.deepEqual(await channels.get(call, ours.id), ours)
    assert.deepEqual(await channels.list(admin), [mine, ours])
    assert.deepEqual(await channels.list(colleague), [ours])
    const missing = shown(await errorOf(channels.get(bob, 'missing')))
    for (const call of [bob, stranger, onCall]) {
      assert.ok(!(await channels.list(call)).some(({ id }) => id === mine.id))
      for (const hidden of [
        channels.get(call, mine.id),
        channels.replace(call, mine.id, text(HOOK)),
        channels.delete(call, mine.id),
        channels.test(call, mine.id),
      ]) {
        assert.equal(shown(await errorOf(hidden)), missing)
      }
    }
  })

  it('takes the scope agents:write, whatever is done to it', async () => {
    const { channels } = await openChannels()
    const { id } = await channels.create(alice, text(HOOK))
    const reader = callBy('key:alice', { scopes: ['agents:read'] })

    for (const refused of [
      channels.create(reader, text(HOOK)),
      channels.list(reader),
      channels.get(reader, id),
      channels.replace(reader, id, text(HOOK)),
      channels.delete(reader, id),
      channels.test(reader, id),
    ]) {
      assert.equal((await errorOf(refused)).code, 'forbidden')
    }
  })

  it('belongs to nobody whose things its maker does not manage', async () => {
    const { channels } = await openChannels()

    for (const owner of ['bob', 'key:bob', 'group:corp:on-call']) {
      const error = await errorOf(channels.create(alice, text({ ...HOOK, owner })))
      assert.deepEqual([error.code, error.violations[0]?.pointer], ['forbidden', '/owner'])
    }
    assert.equal((await channels.create(admin, text({ ...HOOK, owner: 'bob' }))).owner, 'key:bob')
  })

  it('keeps its URL and secret when it is replaced without one, and loses the secret with another URL', async () => {
    const { channels, backend, vault } = await openChannels()
    const { id } = await channels.create(alice, text(HOOK))
    const targetNow = async () => {
      const stored = await backend.channels.find(id)
      return stored && openTarget(vault, stored)
    }

    const renamed = await channels.replace(alice, id, text({ kind: 'webhook', name: 'Day shift' }))
    assert.deepEqual([renamed.name, renamed.host, renamed.isSigned], ['Day shift', 'hooks.example', true])
    assert.deepEqual(await targetNow(), { kind: 'webhook', url: HOOK.url, secret: SECRET })

    const moved = await channels.replace(
      alice,
      id,
      text({ kind: 'webhook', name: 'x', url: 'https://b.example' }),
    )
    assert.deepEqual([moved.host, moved.isSigned], ['b.example', false])
    assert.deepEqual(await targetNow(), { kind: 'webhook', url: 'https://b.example' })

    const other = await errorOf(channels.replace(alice, id, text({ kind: 'slack', name: 'x' })))
    assert.equal(other.violations[0]?.pointer, '/url')
  })

  it('is one of twenty at most that somebody made, which leaves room for others', async () => {
    const { channels } = await openChannels()
    for (let n = 0; n < 20; n++) await channels.create(alice, text({ ...HOOK, name: `channel ${n}` }))

    assert.equal((await errorOf(channels.create(alice, text(HOOK)))).code, 'conflict')
    await channels.create(bob, text(HOOK))
  })

  it('is one of a hundred at most', async () => {
    const { channels } = await openChannels()
    for (let n = 0; n < 100; n++) await channels.create(admin, text({ ...HOOK, name: `channel ${n}` }))

    assert.equal((await errorOf(channels.create(bob, text(HOOK)))).code, 'conflict')
    await channels.create(stranger, text(HOOK))
  })

  it('is on record for every test that was sent, and each that was taken is said to be', async () => {
    const { channels, backend, sender } = await openChannels()
    const { id } = await channels.create(alice, text(HOOK))
    const tests = await Promise.allSettled(Array.from({ length: 50 }, () => channels.test(alice, id)))

    assert.equal(tests.filter(({ status }) => status === 'fulfilled').length, sender.sent.length)
    const entries = await backend.audit.list({ tenant: 'default' }, 100)
    assert.equal(entries.filter(({ action }) => action === 'channel.test').length, sender.sent.length)
  })

  it('is told of in the audit log, by what it is and never where it leads', async () => {
    const { channels, backend } = await openChannels()
    const { id } = await channels.create(alice, text(HOOK))
    await channels.replace(alice, id, text(HOOK))
    await channels.test(alice, id)
    await channels.delete(alice, id)

    const entries = await backend.audit.list({ tenant: 'default' }, 10)
    assert.deepEqual(
      entries.map(({ action, target }) => [action, target]),
      ['delete', 'test', 'update', 'create'].map((what) => [`channel.${what}`, { kind: 'channel', id }]),
    )
    assert.doesNotMatch(JSON.stringify(entries), /s3cret|whsec_|hooks\.example/)
  })
})

describe('what makes no channel', () => {
  const refused: readonly (readonly [body: object, pointer: string])[] = [
    [{}, '/kind'],
    [{ ...HOOK, kind: 'sms' }, '/kind'],
    [{ ...HOOK, name: '' }, '/name'],
    [{ ...HOOK, name: ' ' }, '/name'],
    [{ ...HOOK, name: 'a\nb' }, '/name'],
    [{ ...HOOK, name: 'x'.repeat(101) }, '/name'],
    [{ ...HOOK, more: 1 }, ''],
    [{ kind: 'webhook', name: 'x' }, '/url'],
    [{ ...HOOK, url: 'ftp://hooks.example' }, '/url'],
    [{ ...HOOK, url: '/relative' }, '/url'],
    [{ ...HOOK, url: 'https://me:pass@hooks.example' }, '/url'],
    [{ ...HOOK, url: `https://hooks.example/${'x'.repeat(2048)}` }, '/url'],
    [{ ...HOOK, secret: 'whsec_c2hvcnQ=' }, '/secret'],
    [{ ...HOOK, secret: 'not-in-the-form' }, '/secret'],
    [{ ...HOOK, secret: `whsec_${Buffer.alloc(65).toString('base64')}` }, '/secret'],
    [{ kind: 'webhook', name: 'x', secret: SECRET }, '/url'],
    [{ kind: 'slack', name: 'x', url: 'https://hooks.example', secret: SECRET }, ''],
    [{ kind: 'email', name: 'x' }, '/to'],
    [{ kind: 'email', name: 'x', to: [] }, '/to'],
    [{ kind: 'email', name: 'x', to: Array.from({ length: 11 }, (_, n) => `a${n}@example.com`) }, '/to'],
    [{ kind: 'email', name: 'x', to: ['a@example.com', 'A@example.com'] }, '/to/1'],
    ...[
      'nobody',
      'a@localhost',
      'a@b@example.com',
      'a@example.com\r\nBcc: b@example.com',
      'a@example.com,b@example.com',
      'Ada <a@example.com>',
      '"a b"@example.com',
      '<a@example.com>',
      'a@-example.com',
      'a@example.com ',
      '.a@example.com',
      'ä@example.com',
    ].map((address) => [{ kind: 'email', name: 'x', to: ['ok@example.com', address] }, '/to/1'] as const),
  ]
  for (const [body, pointer] of refused) {
    it(`is refused at ${pointer || 'the whole'}: ${text(body).slice(0, 80)}`, async () => {
      const { channels, sender } = await openChannels()
      const error = await errorOf(channels.create(alice, text(body)))

      assert.equal(error.code, 'invalid_params')
      assert.ok(
        error.violations.some((violation) => violation.pointer === pointer),
        shown(error),
      )
      assert.doesNotMatch(shown(error), /s3cret|pass@|whsec_[A-Za-z0-9+/]{8}|not-in-the-form/)
      assert.deepEqual([sender.sent, await channels.list(alice)], [[], []])
    })
  }

  it('is whatever the sender cannot send to, with what it says of that', async () => {
    const { channels, sender } = await openChannels()
    sender.refusal = {
      pointer: '/kind',
      code: 'no_mail_server',
      message: 'cannot be email',
      hint: 'PARLEY_SMTP_URL',
    }

    const error = await errorOf(
      channels.create(alice, text({ kind: 'email', name: 'x', to: ['a@example.com'] })),
    )
    assert.deepEqual([error.code, error.violations], ['invalid_params', [sender.refusal]])
  })
})

describe('a test of a channel', () => {
  it('is an alert that says what it is', async () => {
    const { channels, sender } = await openChannels()
    const { id } = await channels.create(alice, text(HOOK))

    await channels.test(alice, id)

    const [sent] = sender.sent
    assert.deepEqual(sent?.target, { kind: 'webhook', url: HOOK.url, secret: SECRET })
    assert.equal(sent?.alert.isTest, true)
    assert.match(sent?.alert.summary ?? '', /test of the channel "Night shift"\. Nothing is wrong/)
    assert.equal((await channels.get(alice, id)).lastSentAt, NOW)
  })

  it('that is not taken says why, and so does the channel from then on', async () => {
    const { channels, sender } = await openChannels()
    const { id } = await channels.create(alice, text(HOOK))
    sender.answer = () => {
      throw new SendFailure('hooks.example answered HTTP 503', { isTemporary: true })
    }

    const error = await errorOf(channels.test(alice, id))
    assert.equal(error.code, 'channel_unavailable')
    assert.match(error.message, /hooks\.example answered HTTP 503$/)
    const { lastFailure, lastSentAt } = await channels.get(alice, id)
    assert.deepEqual(
      [lastFailure, lastSentAt],
      [{ at: NOW, message: 'hooks.example answered HTTP 503' }, undefined],
    )

    sender.answer = () => {}
    await channels.test(alice, id)
    assert.equal((await channels.get(alice, id)).lastFailure, undefined)
  })
})

it('What became of telling a channel of an alert is for who sees the channel, and for admins when it is gone', async () => {
  const { channels, backend } = await openChannels()
  const { id } = await channels.create(alice, text(HOOK))
  const sent = {
    alertId: 'alert-1',
    channelId: id,
    tenant: 'default',
    news: 1,
    state: 'firing',
    status: 'sent',
    mayKnow: true,
    attempts: 1,
    triedSince: NOW,
    triedAt: NOW,
    version: 1,
  } as const
  await backend.channels.commitNotification(sent, 0)
  const seenBy = async (call: typeof alice) =>
    (await channels.listNotifications(call, 'alert-1')).map(({ channelId, channel }) => [
      channelId,
      channel?.name,
    ])

  for (const call of [alice, admin]) assert.deepEqual(await seenBy(call), [[id, 'Night shift']])
  for (const call of [bob, stranger]) assert.deepEqual(await seenBy(call), [])
  await channels.delete(alice, id)
  assert.deepEqual([await seenBy(alice), await seenBy(stranger)], [[], []])
  assert.deepEqual(await seenBy(admin), [[id, undefined]])
})

it('Channels under a new master key are sealed anew, stay what they are, and need the old one no more', async () => {
  const [old, next] = [masterKey(Buffer.alloc(32, 1)), masterKey(Buffer.alloc(32, 2))]
  const { channels, backend } = await openChannels(createVault({ keys: [old], randomBytes }))
  for (let n = 0; n < 3; n++)
    await channels.create(alice, text({ ...HOOK, url: `https://hooks.example/${n}` }))

  const sealed = sealedChannels(backend.channels, createVault({ keys: [next, old], randomBytes }))
  assert.deepEqual(await sealed.masterKeyIds(), [old.id])
  assert.deepEqual([await sealed.resealAll(), await sealed.resealAll()], [3, 0])
  assert.deepEqual(await sealed.masterKeyIds(), [next.id])

  const after = createVault({ keys: [next], randomBytes })
  const stored = await backend.channels.listOf('default')
  assert.deepEqual(
    await Promise.all(stored.map(async (channel) => (await openTarget(after, channel)).kind)),
    ['webhook', 'webhook', 'webhook'],
  )
})
