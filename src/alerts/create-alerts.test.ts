import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Call } from '../access/principal.ts'
import type { ParleyError } from '../errors.ts'
import { as } from '../registry/open-registry.case.ts'
import { ada, admin, eve, limitedTo, MINUTE, type OpenAlerts, openAlerts } from './open-alerts.case.ts'
import { parseRule } from './rule-body.ts'

const stranger = as('key:ada', { tenant: 'other', scopes: new Set(['admin']) })
const reader = as('key:ada', { scopes: new Set(['agents:read']) })

const problemOf = (done: Promise<unknown>): Promise<unknown> =>
  done.then(
    () => 'ok',
    ({ code, message, violations, details }: ParleyError) => ({ code, message, violations, details }),
  )
const codeOf = (done: Promise<unknown>): Promise<string> =>
  done.then(
    () => 'ok',
    ({ code }: ParleyError) => code,
  )

const asked = (more: object = {}) =>
  parseRule(JSON.stringify({ name: 'x', target: { all: true }, condition: { state: 'down' }, ...more }))

describe('rules', () => {
  let room: OpenAlerts
  beforeEach(async () => {
    room = await openAlerts()
  })

  it('are seen and changed by who made them and by admins of the tenant; to others they are missing', async () => {
    const { id } = await room.rule()
    const missing = await problemOf(room.alerts.getRule(eve, 'missing'))

    for (const call of [eve, stranger]) {
      assert.deepEqual(await problemOf(room.alerts.getRule(call, id)), missing)
      assert.deepEqual(await problemOf(room.alerts.updateRule(call, id, asked())), missing)
      assert.deepEqual(await problemOf(room.alerts.deleteRule(call, id)), missing)
      assert.equal((await room.alerts.listRules(call, { limit: 10 })).total, 0)
    }
    const changed = await room.alerts.updateRule(admin, id, asked({ name: 'Changed' }))
    assert.deepEqual([changed.name, changed.version, changed.maker.subject], ['Changed', 2, 'key:ada'])
    assert.equal((await room.alerts.listRules(ada, { limit: 10 })).items[0]?.name, 'Changed')
    await room.alerts.deleteRule(ada, id)
    assert.equal(await codeOf(room.alerts.getRule(admin, id)), 'not_found')
  })

  it('are listed in pages', async () => {
    for (let n = 0; n < 5; n++) await room.rule({ name: `Rule ${n}` })
    await room.rule({}, eve)

    const first = await room.alerts.listRules(ada, { limit: 3 })
    const rest = await room.alerts.listRules(ada, { limit: 3, cursor: first.nextCursor ?? '' })

    assert.deepEqual([first.items.length, rest.items.length, rest.nextCursor], [3, 2, undefined])
    assert.deepEqual([first.total, rest.total], [5, 5])
    assert.equal(
      await codeOf(room.alerts.listRules(eve, { limit: 3, cursor: first.nextCursor ?? '' })),
      'invalid_params',
    )
  })

  it('for one agent take the right to manage it: what is hidden is refused as what is missing', async () => {
    await room.agent('hidden', { visibility: 'restricted' }, eve)
    await room.agent('seen', {}, eve)
    const make = (agent: string, call = ada) =>
      problemOf(room.alerts.createRule(call, asked({ target: { agent } })))

    assert.deepEqual(await make('hidden'), await make('missing'))
    assert.equal(await codeOf(room.alerts.createRule(ada, asked({ target: { agent: 'seen' } }))), 'forbidden')
    assert.equal(await make('hidden', eve), 'ok')
  })

  it('take the scope agents:write', async () => {
    const { alerts } = room
    const { id } = await room.rule()
    for (const done of [
      alerts.createRule(reader, asked()),
      alerts.getRule(reader, id),
      alerts.listRules(reader, { limit: 1 }),
      alerts.getAlert(reader, 'x'),
      alerts.listAlerts(reader, { limit: 1 }),
    ]) {
      assert.equal(await codeOf(done), 'forbidden')
    }
  })

  it('tell only channels that their maker may use', async () => {
    const problem = await problemOf(room.alerts.createRule(ada, asked({ channels: ['ada-1', 'eve-1'] })))
    assert.deepEqual(problem, {
      code: 'invalid_params',
      message: '/channels/1 must be the id of a channel that you may use',
      violations: [
        { pointer: '/channels/1', code: 'unknown', message: 'must be the id of a channel that you may use' },
      ],
      details: {},
    })
  })

  it('say which of the channels may not be used, also of those that are added', async () => {
    const { id } = await room.rule({ channels: ['ada-1'] })
    const changed = room.alerts.updateRule(ada, id, asked({ channels: ['ada-1', 'eve-1'] }))
    assert.deepEqual(
      await changed.catch(({ message }: Error) => message),
      '/channels/1 must be the id of a channel that you may use',
    )
  })

  it('made with a credential that is limited to agents watch no others', async () => {
    const one = await room.agent('one')
    const two = await room.agent('two')
    const limited = as('key:ada', limitedTo(one))
    const { id } = await room.rule({}, limited)
    assert.equal(await codeOf(room.alerts.getRule(limited, id)), 'not_found')
    await room.be('down', one, two)
    await room.pass(3 * MINUTE)

    assert.deepEqual(await room.seen(), ['one firing'])
  })

  it('are so many for one target at most', async () => {
    for (let n = 0; n < 20; n++) await room.rule()
    assert.equal(await codeOf(room.alerts.createRule(ada, asked())), 'conflict')
    assert.equal(await codeOf(room.alerts.createRule(ada, asked({ target: { tag: 'shop' } }))), 'ok')
    assert.equal(await codeOf(room.alerts.createRule(eve, asked())), 'ok')
  })

  it('are in the audit log', async () => {
    const { id } = await room.rule()
    await room.alerts.updateRule(ada, id, asked())
    await room.alerts.deleteRule(ada, id)

    const entries = await room.backend.audit.list({ tenant: 'default' }, 10)
    assert.deepEqual(entries.map(({ action }) => action).toSorted(), [
      'rule.create',
      'rule.delete',
      'rule.update',
    ])
  })
})

describe('the history of alerts', () => {
  let room: OpenAlerts
  beforeEach(async () => {
    room = await openAlerts()
  })

  it('is seen by who may manage the agent; to others there is none', async () => {
    const own = await room.agent('own')
    const others = await room.agent('others', {}, eve)
    await room.rule({}, admin)
    await room.be('down', own, others)
    await room.pass(3 * MINUTE)
    const [alert] = (await room.all()).filter(({ agentSlug }) => agentSlug === 'own')
    const id = alert?.id ?? ''

    assert.deepEqual(await room.seen(ada), ['own firing'])
    assert.deepEqual(await room.seen(eve), ['others firing'])
    assert.deepEqual(await room.seen(stranger), [])
    assert.deepEqual(await room.alerts.getAlert(ada, id), alert)
    const missing = await problemOf(room.alerts.getAlert(eve, 'missing'))
    const limited = as('key:ada', limitedTo(others))
    for (const call of [eve, stranger, limited]) {
      assert.deepEqual(await problemOf(room.alerts.getAlert(call, id)), missing)
      const { items, total } = await room.alerts.listAlerts(call, { agent: 'own', limit: 10 })
      assert.deepEqual([items, total], [[], 0])
    }
  })

  it('names no other agent that the reader does not see', async () => {
    const db = await room.agent('db')
    const hidden = await room.agent('hidden', { visibility: 'restricted', dependsOn: ['db'] }, eve)
    const shop = await room.agent('shop', { dependsOn: ['db'] }, eve)
    await room.rule({}, admin)
    await room.be('down', db, hidden, shop)
    await room.pass(3 * MINUTE)

    assert.deepEqual(await room.seen(admin), ['db firing [hidden shop]'])
    assert.deepEqual(await room.seen(ada), ['db firing [shop]'])
  })

  it('of an agent that is gone is for admins', async () => {
    const shop = await room.agent('shop')
    await room.rule()
    await room.be('down', shop)
    await room.pass(3 * MINUTE)
    await room.registry.unregister(ada, 'shop')
    await room.pass()

    assert.deepEqual(await room.seen(ada), [])
    const { items } = await room.alerts.listAlerts(admin, { agent: shop.id, limit: 10 })
    assert.equal(items.length, 1)
  })

  it('is narrowed by state, agent and rule, and comes in pages', async () => {
    const agents = await Promise.all(['a', 'b', 'c'].map((slug) => room.agent(slug)))
    const rule = await room.rule()
    await room.rule({ target: { agent: 'a' } })
    await room.be('down', ...agents)
    await room.pass(3 * MINUTE)
    await room.be('up', ...agents.slice(0, 1))
    const list = async (query: object, call: Call = ada) => {
      const { items, total } = await room.alerts.listAlerts(call, { limit: 10, ...query })
      assert.equal(items.length, total)
      return items.map(({ agentSlug }) => agentSlug).toSorted()
    }

    assert.deepEqual(await list({ state: 'firing' }), ['b', 'c'])
    assert.deepEqual(await list({ state: 'resolved' }), ['a', 'a'])
    assert.deepEqual(await list({ agent: 'a' }), ['a', 'a'])
    assert.deepEqual(await list({ rule: rule.id }), ['a', 'b', 'c'])
    assert.deepEqual(await list({ agent: 'missing' }), [])
    const first = await room.alerts.listAlerts(ada, { limit: 3 })
    const rest = await room.alerts.listAlerts(ada, { limit: 3, cursor: first.nextCursor ?? '' })
    assert.deepEqual([first.items.length, rest.items.length, rest.nextCursor], [3, 1, undefined])
    assert.equal(new Set([...first.items, ...rest.items].map(({ id }) => id)).size, 4)
  })
})

describe('what a rule is made from', () => {
  const problemsOf = (more: object): readonly string[] => {
    try {
      asked(more)
      return []
    } catch (reason) {
      return (reason as ParleyError).violations.map(({ pointer, code }) => `${pointer} ${code}`)
    }
  }

  it('has defaults', () => {
    const { severity, channels, repeatMs, isMuted, condition } = asked({ condition: { errorRate: 0.1 } })
    assert.deepEqual([severity, channels, repeatMs, isMuted], ['warning', [], 4 * 60 * MINUTE, false])
    assert.deepEqual(condition, { kind: 'error_rate', above: 0.1, windowMs: 5 * MINUTE, minCalls: 5 })
  })

  it('is refused with everything that is wrong with it', () => {
    assert.deepEqual(problemsOf({ condition: { forMs: 1 } }), ['/condition kind'])
    assert.deepEqual(problemsOf({ condition: { state: 'down', latencyMs: 1 }, repeatMs: 5 }), [
      '/condition kind',
      '/repeatMs minimum',
    ])
    assert.deepEqual(problemsOf({ condition: { errorRate: 0.5, forMs: 1 } }), ['/condition/forMs misplaced'])
    assert.deepEqual(problemsOf({ condition: { state: 'down', windowMs: 60_000 } }), [
      '/condition/windowMs misplaced',
    ])
    assert.deepEqual(problemsOf({ target: {} }), ['/target minProperties'])
    assert.deepEqual(problemsOf({ name: 'a\u202eb', severity: 'bad' }), ['/name pattern', '/severity enum'])
  })
})
