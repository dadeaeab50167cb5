import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Agent } from '../registry/agent.ts'
import { LeaseLost } from '../work/work.ts'
import { ada, admin, eve, MINUTE, type OpenAlerts, openAlerts } from './open-alerts.case.ts'
import { parseRule } from './rule-body.ts'
import { runAlert } from './run-alert.ts'

describe('an alert', () => {
  let room: OpenAlerts
  let shop: Agent
  beforeEach(async () => {
    room = await openAlerts()
    shop = await room.agent('shop')
  })

  it('fires once its condition has held for as long as the rule says, and resolves when it does no more', async () => {
    await room.rule()
    await room.be('down', shop)
    await room.pass(2 * MINUTE - 1)
    assert.deepEqual(await room.seen(), [])

    await room.pass(1)
    await room.pass(10 * MINUTE)
    assert.deepEqual(await room.seen(), ['shop firing'])
    assert.deepEqual(await room.notified(), ['shop firing → ada-1'])

    await room.be('up', shop)
    await room.pass()
    assert.deepEqual(await room.seen(), ['shop recovered'])
    assert.deepEqual(await room.notified(), ['shop resolved → ada-1'])
    assert.deepEqual(room.told, ['critical shop fired', 'shop recovered'])
  })

  it('says what is wrong, since when, and of what rule', async () => {
    const rule = await room.rule()
    const message = 'no answer\r\nwithin 10 s'
    await room.know(shop, { state: 'down', reason: { kind: 'interface', outcome: 'timeout', message } })
    await room.pass(3 * MINUTE)

    const [alert] = await room.all()
    assert.equal(alert?.summary, 'shop is down: interface timeout, no answer within 10 s')
    assert.deepEqual([alert?.ruleId, alert?.ruleName, alert?.severity], [rule.id, 'Down', 'critical'])
    assert.equal(alert?.startsAt, room.clock.now - MINUTE)
  })

  it('does not fire for an agent that is never down for long enough', async () => {
    await room.rule()
    for (let times = 0; times < 5; times++) {
      await room.be('down', shop)
      await room.pass(MINUTE)
      await room.be('up', shop)
      await room.pass(MINUTE)
    }

    assert.deepEqual(await room.seen(), [])
  })

  it('fires for an agent that is down already when the rule is made', async () => {
    await room.be('down', shop)
    await room.pass(5 * MINUTE)
    await room.rule()

    assert.deepEqual(await room.seen(), ['shop firing'])
  })

  it('goes on while an agent changes between states that count', async () => {
    await room.rule({ condition: { state: 'degraded', forMs: 2 * MINUTE } })
    await room.be('degraded', shop)
    await room.pass()
    await room.be('down', shop)
    await room.pass()
    assert.deepEqual(await room.seen(), ['shop firing'])

    await room.be('degraded', shop)
    await room.pass()
    assert.deepEqual(await room.seen(), ['shop firing'])
  })

  it('is told again as often as the rule says, while it fires', async () => {
    await room.rule({ repeatMs: 10 * MINUTE, channels: ['ada-1', 'ada-2'] })
    await room.be('down', shop)
    await room.pass(2 * MINUTE)
    const both = ['shop firing → ada-1', 'shop firing → ada-2']
    assert.deepEqual(await room.notified(), both)
    await room.pass(9 * MINUTE)
    assert.deepEqual(await room.notified(), [])
    await room.pass(MINUTE)
    assert.deepEqual(await room.notified(), both)
    await room.pass(10 * MINUTE)
    assert.deepEqual(await room.notified(), both)
    assert.equal((await room.all()).at(0)?.news, 3)
    assert.deepEqual(await room.seen(), ['shop firing'])
  })

  it('of a rule that is muted is told nobody', async () => {
    await room.rule({ muted: true })
    await room.be('down', shop)
    await room.pass(5 * MINUTE)

    assert.deepEqual(await room.seen(), ['shop firing'])
    assert.deepEqual(await room.notified(), [])
  })

  it('fires for the share of calls that fail, and resolves as failures grow old', async () => {
    const condition = { errorRate: 0.5, windowMs: 10 * MINUTE, minCalls: 4 }
    await room.rule({ condition })
    const call = (outcome: 'ok' | 'timeout') => {
      room.clock.now += 1000
      return room.know(shop, { state: 'up' }, [{ kind: 'delivery', outcome, at: room.clock.now }])
    }
    for (const outcome of ['ok', 'timeout', 'timeout'] as const) await call(outcome)
    await room.pass()
    assert.deepEqual(await room.seen(), [])

    await call('timeout')
    await room.pass()
    assert.deepEqual(await room.seen(), ['shop firing'])
    assert.equal((await room.all())[0]?.summary, 'shop: more than 50 % of its calls fail')

    await room.pass(11 * MINUTE)
    assert.deepEqual(await room.seen(), ['shop recovered'])
  })

  it('fires for calls that take too long', async () => {
    await room.rule({ condition: { latencyMs: 2000, forMs: MINUTE } })
    await room.know(shop, { state: 'up', latencyMs: 2500 })
    await room.pass()
    assert.deepEqual(await room.seen(), [])
    await room.pass()
    assert.deepEqual(await room.seen(), ['shop firing'])

    await room.know(shop, { state: 'up', latencyMs: 2000 })
    await room.pass()
    assert.deepEqual(await room.seen(), ['shop recovered'])
  })

  it('fires for a heartbeat that does not come, though nothing is heard of the agent, and resolves when one does', async () => {
    const beating = await room.agent('beating', { heartbeatTtlMs: 5 * MINUTE })
    await room.rule({ condition: { heartbeatMissing: true, forMs: MINUTE } })
    await room.backend.agents.beat(beating.id, room.clock.now)
    await room.pass(5 * MINUTE)
    assert.deepEqual(await room.seen(), [])
    await room.pass(MINUTE)
    assert.deepEqual(await room.seen(), ['beating firing'])

    await room.backend.agents.beat(beating.id, room.clock.now)
    await room.pass()
    assert.deepEqual(await room.seen(), ['beating recovered'])
  })

  it('fires for an agent that is down for want of heartbeats', async () => {
    const beating = await room.agent('beating', { heartbeatTtlMs: 5 * MINUTE })
    await room.rule()
    await room.backend.agents.beat(beating.id, room.clock.now)
    await room.pass(6 * MINUTE)
    assert.deepEqual(await room.seen(), [])
    await room.pass(MINUTE)
    assert.deepEqual(await room.seen(), ['beating firing'])

    await room.backend.agents.beat(beating.id, room.clock.now)
    await room.pass()
    assert.deepEqual(await room.seen(), ['beating recovered'])
  })

  it('is not raised for an agent that is disabled, and ends when one is', async () => {
    await room.rule()
    await room.be('down', shop)
    await room.pass(2 * MINUTE)
    await room.registry.update(ada, 'shop', { lifecycle: 'disabled' })
    await room.pass(5 * MINUTE)

    assert.deepEqual(await room.seen(), ['shop not_watched'])
  })

  it('ends with its agent', async () => {
    await room.rule()
    await room.be('down', shop)
    await room.pass(2 * MINUTE)
    await room.notified()
    await room.registry.unregister(ada, 'shop')
    await room.pass()

    assert.deepEqual(await room.seen(), ['shop agent_removed'])
    assert.deepEqual(await room.notified(), ['shop resolved → ada-1'])
    assert.equal(await room.backend.alerts.findWatch(shop.id), undefined)
  })

  it('ends with its rule, and when the rule comes to target others', async () => {
    const removed = await room.rule()
    const changed = await room.rule({ name: 'Changed' })
    await room.be('down', shop)
    await room.pass(2 * MINUTE)
    await room.notified()

    await room.alerts.deleteRule(ada, removed.id)
    const other = { name: 'Changed', target: { tag: 'other' }, condition: { state: 'down' } }
    await room.alerts.updateRule(ada, changed.id, parseRule(JSON.stringify(other)))
    await room.pass()

    assert.deepEqual((await room.seen()).toSorted(), ['shop not_watched', 'shop rule_removed'])
    assert.deepEqual(await room.notified(), ['shop resolved → ada-1', 'shop resolved → ada-1'])
  })

  it('is told to a channel that its rule comes to name', async () => {
    const rule = await room.rule()
    await room.be('down', shop)
    await room.pass(2 * MINUTE)
    await room.notified()
    const condition = { state: 'down', forMs: 2 * MINUTE }
    const more = { name: 'Down', target: { all: true }, condition, channels: ['ada-1', 'ada-2'] }
    await room.alerts.updateRule(ada, rule.id, parseRule(JSON.stringify(more)))
    await room.pass()
    assert.deepEqual(await room.notified(), ['shop firing → ada-2'])
    await room.be('up', shop)
    assert.deepEqual(await room.notified(), ['shop resolved → ada-1', 'shop resolved → ada-2'])
  })

  it('keeps the name it began with while it fires, when its rule is given another', async () => {
    const rule = await room.rule({ repeatMs: 5 * MINUTE })
    await room.be('down', shop)
    await room.pass(2 * MINUTE)
    const condition = { state: 'down', forMs: 2 * MINUTE }
    const renamed = {
      name: 'Other',
      severity: 'info',
      target: { all: true },
      condition,
      repeatMs: 5 * MINUTE,
    }
    await room.alerts.updateRule(ada, rule.id, parseRule(JSON.stringify({ ...renamed, channels: ['ada-1'] })))
    await room.pass(5 * MINUTE)

    const [alert] = await room.all()
    assert.deepEqual([alert?.news, alert?.ruleName, alert?.severity], [2, 'Down', 'critical'])
  })

  it('is one, whoever loses the lease half way and begins again', async () => {
    await room.rule()
    await room.be('down', shop)
    room.clock.now += 3 * MINUTE
    const first = await room.lease()
    room.clock.now += MINUTE
    const second = await room.lease()
    assert.ok(first && second)
    assert.equal(first.key, second.key)
    const run = { reserved: false, signal: new AbortController().signal, setResumable() {} }

    await assert.rejects(runAlert(room.deps, { ...run, work: first }), LeaseLost)
    assert.deepEqual(await room.seen(), [])
    await runAlert(room.deps, { ...run, work: second })
    await runAlert(room.deps, { ...run, work: second })

    assert.deepEqual(await room.seen(), ['shop firing'])
    assert.deepEqual(room.told, ['critical shop fired'])
  })

  it('fires for all rules of an agent, however many in one write', async () => {
    for (let n = 0; n < 20; n++) await room.rule({ name: `Rule ${n}` })
    await room.be('down', shop)
    await room.pass(2 * MINUTE)

    assert.equal((await room.seen()).length, 20)
    assert.equal((await room.notified()).length, 20)
    await room.registry.unregister(ada, 'shop')
    await room.pass()
    assert.deepEqual(new Set(await room.seen()), new Set(['shop agent_removed']))
  })

  it('ends no earlier than it began, whatever the clock says', async () => {
    const room = await openAlerts()
    const shop = await room.agent('shop')
    await room.rule()
    await room.be('down', shop)
    await room.pass(3 * MINUTE)
    room.clock.now -= 60 * MINUTE
    await room.be('up', shop)

    const [alert] = await room.all()
    assert.ok(alert !== undefined)
    assert.equal(alert.endsAt, alert.startsAt)
  })
})

describe('a rule', () => {
  it('has its agents judged when it changes, and is done with that', async () => {
    const room = await openAlerts()
    await room.agent('shop')
    await room.rule()
    room.clock.now += 2 * MINUTE

    for (let work = await room.lease(); work !== undefined; work = await room.lease()) {
      assert.doesNotMatch(work.key, /^rule:/)
    }
  })

  let room: OpenAlerts
  beforeEach(async () => {
    room = await openAlerts()
  })

  it('watches agents that its maker may manage, and no others, whatever it targets', async () => {
    const own = await room.agent('own')
    const others = await room.agent('others', {}, eve)
    await room.rule({ name: 'all' })
    await room.rule({ name: 'tag', target: { tag: 'SHOP' } })
    await room.rule({ name: 'owner', target: { owner: 'eve' } })
    await room.be('down', own, others)
    await room.pass(3 * MINUTE)

    assert.deepEqual(await room.seen(), ['own firing', 'own firing'])
  })

  it('of an admin watches every agent of the tenant', async () => {
    const agents = [await room.agent('one'), await room.agent('two', { visibility: 'restricted' }, eve)]
    await room.rule({}, admin)
    await room.be('down', ...agents)
    await room.pass(3 * MINUTE)

    assert.deepEqual((await room.seen()).toSorted(), ['one firing', 'two firing'])
  })

  it('counts no more for an agent that its maker may not manage any more', async () => {
    const agent = await room.agent('given')
    await room.rule({ target: { agent: 'given' } })
    await room.be('down', agent)
    await room.pass(3 * MINUTE)
    await room.registry.update(ada, 'given', { owner: 'eve' })
    await room.pass()

    assert.deepEqual(await room.seen(), ['given not_watched'])
  })

  it('watches agents by their tags, as their cards change', async () => {
    const agent = await room.agent('agent', { tags: ['other'] })
    await room.rule({ target: { tag: 'shop' } })
    await room.be('down', agent)
    await room.pass(3 * MINUTE)
    assert.deepEqual(await room.seen(), [])
    await room.agent('agent', { tags: ['Shop'] })
    await room.pass()

    assert.deepEqual(await room.seen(), ['agent firing'])
  })
})
