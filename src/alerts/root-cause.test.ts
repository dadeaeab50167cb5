import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Agent } from '../registry/agent.ts'
import { ada, eve, MINUTE, type OpenAlerts, openAlerts } from './open-alerts.case.ts'

describe('the root cause', () => {
  let room: OpenAlerts
  let db: Agent
  beforeEach(async () => {
    room = await openAlerts()
    db = await room.agent('db')
  })
  const victims = (names: readonly string[], more: object = {}, call = ada) =>
    Promise.all(names.map((slug) => room.agent(slug, { dependsOn: ['db'], ...more }, call)))

  it('has one alert, which names everything that is down for want of it', async () => {
    const agents = await victims(['cart', 'shop', 'till'])
    await room.rule()
    await room.be('down', ...agents)
    await room.pass(MINUTE)
    await room.be('down', db)
    await room.pass(5 * MINUTE)

    assert.deepEqual(await room.seen(), ['db firing [cart shop till]'])
    assert.deepEqual(await room.notified(), ['db firing → ada-1'])
  })

  it('is found however far away it is, over agents that are up', async () => {
    const [cart] = await victims(['cart'])
    const shop = await room.agent('shop', { dependsOn: ['cart'] })
    await room.rule()
    await room.be('down', db, shop)
    await room.pass(5 * MINUTE)
    assert.deepEqual(await room.seen(), ['db firing [shop]'])
    assert.ok(cart)

    await room.be('down', cart)
    await room.pass()
    assert.deepEqual(await room.seen(), ['db firing [cart shop]'])
    await room.be('up', shop)
    await room.pass()
    assert.deepEqual(await room.seen(), ['db firing [cart]'])
  })

  it('once it is well, leaves others their time to get well, and then they have alerts of their own', async () => {
    const [cart, shop] = await victims(['cart', 'shop'])
    assert.ok(cart && shop)
    await room.rule()
    await room.be('down', db, cart, shop)
    await room.pass(10 * MINUTE)
    await room.be('up', db)
    await room.pass(MINUTE)
    assert.deepEqual(await room.seen(), ['db recovered [cart shop]'])
    await room.be('up', cart)
    await room.pass(5 * MINUTE)
    assert.deepEqual(await room.seen(), ['db recovered [cart shop]', 'shop firing'])
  })

  it('stands for others no more once it is gone', async () => {
    const [shop] = await victims(['shop'])
    assert.ok(shop)
    await room.rule()
    await room.be('down', db, shop)
    await room.pass(3 * MINUTE)
    await room.registry.unregister(ada, 'db')
    await room.pass(3 * MINUTE)

    assert.deepEqual(await room.seen(), ['db agent_removed [shop]', 'shop firing'])
  })

  it('is one of agents that depend on one another', async () => {
    const ring = [await room.agent('a'), await room.agent('b'), await room.agent('c')]
    for (const [index, { id }] of ring.entries()) {
      await room.registry.update(ada, id, { dependsOn: [ring[(index + 1) % 3]?.id ?? ''] })
    }
    await room.rule()
    await room.be('down', ...ring)
    await room.pass(5 * MINUTE)

    const seen = await room.seen()
    assert.equal(seen.length, 1)
    assert.equal((await room.all())[0]?.victims.length, 2)
  })

  it('that the rule does not watch is named by the alert of each, and is none for a maker who may not see it', async () => {
    const [shop] = await victims(['shop'], {}, eve)
    const hidden = await room.agent('hidden', { visibility: 'restricted' }, eve)
    const cart = await room.agent('cart', { dependsOn: ['hidden'] }, eve)
    await room.registry.update(eve, 'cart', { owner: 'ada' })
    assert.ok(shop)
    await room.rule({ target: { agent: 'shop' } }, eve)
    await room.rule({ target: { agent: 'cart' } })
    await room.be('down', db, hidden, shop, cart)
    await room.pass(3 * MINUTE)

    const alerts = await room.all()
    const facts = alerts.map(({ agentSlug, summary, cause }) => [agentSlug, summary, cause?.agentSlug])
    assert.deepEqual(facts.toSorted(), [
      ['cart', 'cart is down', undefined],
      ['shop', 'shop is down; an agent that it depends on is down', 'db'],
    ])
  })

  it('that is found while an alert fires is named by it from then on', async () => {
    const [shop] = await victims(['shop'])
    assert.ok(shop)
    await room.rule({ target: { agent: 'shop' } })
    await room.be('up', db)
    await room.be('down', shop)
    await room.pass(3 * MINUTE)
    assert.equal((await room.all())[0]?.cause, undefined)
    await room.be('down', db)
    await room.pass()
    assert.equal((await room.all())[0]?.cause?.agentSlug, 'db')
  })

  it('of a rule for dependencies has the alert, where the rule watches it', async () => {
    await victims(['cart', 'shop'])
    await room.rule({ condition: { dependencyDown: true, forMs: 2 * MINUTE } })
    await room.be('down', db)
    await room.pass(5 * MINUTE)

    assert.deepEqual(await room.seen(), ['db firing [cart shop]'])
    assert.equal((await room.all())[0]?.summary, 'db is down, and others depend on it')
    await room.be('up', db)
    await room.pass(5 * MINUTE)
    assert.deepEqual(await room.seen(), ['db recovered [cart shop]'])
  })

  it('of a rule for dependencies is no agent that its maker may not see', async () => {
    const [shop] = await victims(['shop'], {}, eve)
    assert.ok(shop)
    await room.rule({ condition: { dependencyDown: true } }, eve)
    await room.registry.update(ada, 'db', { visibility: 'restricted' })
    await room.be('up', db, shop)
    await room.be('down', db)
    await room.pass()
    assert.deepEqual(await room.seen(), [])
  })

  it('of a rule for dependencies is named, where the rule watches only who depends on it', async () => {
    await victims(['shop'])
    await room.rule({ target: { agent: 'shop' }, condition: { dependencyDown: true } })
    await room.be('up', db)
    await room.be('down', db)
    await room.pass()

    const [alert] = await room.all()
    assert.deepEqual(await room.seen(), ['shop firing'])
    assert.equal(alert?.summary, 'shop: an agent that it depends on is down')
    assert.equal(alert?.cause?.agentSlug, 'db')
  })
})
