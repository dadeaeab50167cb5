import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { parseQuestion } from '../access/question.ts'
import { explanationView } from './explanation-view.ts'
import { as, callBy, cardText, type OpenRegistry, openRegistry } from './open-registry.case.ts'

const ada = as('key:ada')
const eve = as('corp:eve')
const admin = as('key:root', { scopes: new Set(['admin']) })
const missing = { code: 'agent_not_found', message: 'Agent not found', details: {} }

describe('to explain access', () => {
  let room: OpenRegistry
  beforeEach(async () => {
    room = await openRegistry()
    await room.registry.register(ada, { card: cardText(), slug: 'secret', visibility: 'restricted' })
  })

  const ask = async (call: typeof ada, question: object) =>
    explanationView(await room.registry.explain(call, parseQuestion({ agent: 'secret', ...question })))

  const verdicts = async (principal: object) =>
    (await ask(ada, { principal })).verdicts.map(({ action, verdict }) => `${action} ${verdict}`)

  it('answers for every action, and agrees with what happens', async () => {
    const to = { subject: 'corp:eve' }
    assert.deepEqual(new Set(await verdicts(to)), new Set(VERDICTS.map((action) => `${action} hidden`)))
    await assert.rejects(room.registry.get(eve, 'secret', 'discover'), missing)

    const { grant } = await room.registry.createGrant(ada, 'secret', { to, right: 'invoke' })
    assert.deepEqual(await verdicts(to), [
      'discover allowed',
      'invoke allowed',
      'read allowed',
      'cancel allowed',
      'manage grant',
      'beat grant',
    ])
    const { verdicts: found, grants } = await ask(ada, { principal: to, operation: 'SubscribeToTask' })
    assert.deepEqual(
      found.map(({ action, operation, grantId }) => [action, operation, grantId]),
      [['read', 'SubscribeToTask', grant.id]],
    )
    assert.deepEqual(
      grants.map(({ id, applies }) => [id, applies]),
      [[grant.id, true]],
    )
  })

  it('judges groups, scopes, tenants and callers without a credential as they would be', async () => {
    await room.registry.createGrant(ada, 'secret', { to: { group: 'corp:ops' }, right: 'discover' })
    const discover = async (principal: object) =>
      (await ask(ada, { principal, action: 'discover' })).verdicts[0]?.steps.at(-1)?.code

    assert.equal(await discover({ subject: 'bob', groups: ['corp:ops'] }), 'grant')
    assert.equal(await discover({ subject: 'corp:ops' }), 'no_grant')
    assert.equal(await discover({ subject: 'bob', groups: ['corp:ops'], scopes: ['tasks:read'] }), 'scope')
    assert.equal(await discover({ subject: 'bob', groups: ['corp:ops'], tenant: 'acme' }), 'tenant')
    assert.equal(await discover({ subject: 'root', scopes: ['admin'] }), 'admin')
    assert.equal(await discover({ subject: 'ada' }), 'owner')
    assert.equal(await discover({ anonymous: true }), 'anonymous')
  })

  it('judges a key as it is now, for admins, and only of their tenant', async () => {
    const made = { subject: 'corp:eve', scopes: ['agents:read'], label: 'eve' } as const
    const { key } = await room.access.createKey(admin, made)
    const foreign = as('key:root', { tenant: 'acme', scopes: new Set(['admin']) })
    const { key: theirs } = await room.access.createKey(foreign, made)
    const principal = { key: key.id }

    assert.equal((await ask(admin, { principal, action: 'discover' })).verdicts[0]?.verdict, 'hidden')
    assert.equal((await ask(admin, { principal, action: 'invoke' })).verdicts[0]?.verdict, 'scope')
    await assert.rejects(ask(ada, { principal }), { code: 'forbidden', details: { scope: 'admin' } })
    for (const id of [theirs.id, 'never']) {
      await assert.rejects(ask(admin, { principal: { key: id } }), { code: 'not_found' })
    }
    const secret = await room.registry.get(admin, 'secret', 'manage')
    const limited = callBy({ ...admin.principal, agents: new Set<string>([secret.id]) })
    await assert.rejects(ask(limited, { principal }), { code: 'not_found', message: 'Key not found' })
    await room.access.revokeKey(admin, key.id)
    await assert.rejects(ask(admin, { principal }), { code: 'not_found' })
  })

  it('is for those who may manage the agent; for others it is what it is to them', async () => {
    const question = { principal: { subject: 'ada' } }
    await assert.rejects(ask(eve, question), missing)
    await assert.rejects(ask(eve, { ...question, agent: 'never' }), missing)
    await room.registry.createGrant(ada, 'secret', { to: { subject: 'corp:eve' }, right: 'discover' })
    await assert.rejects(ask(eve, question), { code: 'forbidden' })
    const reader = callBy({ ...ada.principal, scopes: new Set(['agents:read']) })
    for (const agent of ['secret', 'never']) {
      await assert.rejects(ask(reader, { ...question, agent }), {
        code: 'forbidden',
        details: { scope: 'agents:write' },
      })
    }
  })

  it('takes a question that makes sense', () => {
    for (const question of [
      { principal: {} },
      { principal: { subject: 'a', key: 'k' } },
      { principal: { key: 'k', scopes: [] } },
      { principal: { anonymous: true, tenant: 'acme' } },
      { principal: { groups: ['corp:ops'] } },
      { principal: { subject: 'two words' } },
      { principal: { subject: 'a' }, action: 'look' },
      { principal: { subject: 'a' }, action: 'invoke', operation: 'GetTask' },
    ]) {
      assert.throws(() => parseQuestion({ agent: 'secret', ...question }), { code: 'invalid_params' })
    }
  })
})

const VERDICTS = ['discover', 'invoke', 'read', 'cancel', 'manage', 'beat']
