import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Page, PageQuery } from '../../access/page.ts'
import type { Agent } from '../agent.ts'
import { as, cardText, type OpenRegistry, openRegistry } from '../open-registry.case.ts'
import type { Check } from './agent-health.ts'

const MINUTE = 60_000
const URL_OF_AGENT = 'https://agent.example/a2a'
const ada = as('key:ada')
const eve = as('key:eve')

describe('the health of an agent, for those who see it', () => {
  let room: OpenRegistry
  let agent: Agent
  const record = (outcome: Check['outcome'], more: Partial<Check> = {}) =>
    room.health.record(agent, [
      { kind: 'interface', outcome, at: room.clock.now, url: URL_OF_AGENT, latencyMs: 10, ...more },
    ])
  const pass = async (ms: number, outcome: Check['outcome'] = 'ok') => {
    room.clock.now += ms
    await record(outcome)
  }
  const allOf = async <T>(list: (query: PageQuery) => Promise<Page<T>>): Promise<T[]> => {
    const items: T[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) })
      items.push(...page.items)
      cursor = page.nextCursor
      if (cursor === undefined) {
        assert.deepEqual([page.total, page.totalCapped], [items.length, false])
        return items
      }
    }
  }

  beforeEach(async () => {
    room = await openRegistry()
    agent = (await room.registry.register(ada, { card: cardText(), slug: 'echo' })).agent
  })

  it('is unknown at first', async () => {
    const report = await room.registry.getHealth(eve, 'echo')

    const uptime = { '24h': null, '7d': null, '30d': null }
    assert.deepEqual(report, { id: agent.id, current: { state: 'unknown' }, uptime, checks: [] })
    assert.deepEqual((await room.registry.listHealth(eve, 'echo', 'day', { limit: 5 })).items, [])
  })

  it('says how the agent is and was, up to now', async () => {
    await record('ok')
    await pass(30 * MINUTE, 'tls')
    room.clock.now += 90 * MINUTE

    const { current, uptime } = await room.registry.getHealth(eve, agent.id)

    assert.equal(current.state, 'down')
    assert.equal(current.since, room.clock.now - 90 * MINUTE)
    assert.deepEqual(uptime, { '24h': 0.25, '7d': 0.25, '30d': 0.25 })
  })

  it('tells of hosts, and in the words of the agent, only those who may manage it', async () => {
    const report = { at: room.clock.now, status: 'ok', dependencies: { 'db.internal': 'up' } } as const
    const known = await room.health.record(agent, [
      { kind: 'heartbeat', outcome: 'ok', at: room.clock.now, report },
      {
        kind: 'interface',
        outcome: 'tls',
        at: room.clock.now,
        url: URL_OF_AGENT,
        message: 'of host.internal',
      },
    ])

    const owners = await room.registry.getHealth(ada, 'echo')
    assert.deepEqual([owners.checks, owners.report], [known?.checks, report])
    assert.deepEqual(owners.current.reason, known?.reason)
    const others = await room.registry.getHealth(eve, 'echo')
    assert.deepEqual(others.current.reason, { kind: 'interface', outcome: 'tls' })
    assert.deepEqual(
      others.checks.map(({ kind, outcome }) => [kind, outcome]),
      [
        ['heartbeat', 'ok'],
        ['interface', 'tls'],
      ],
    )
    assert.doesNotMatch(JSON.stringify(others), /internal|agent\.example/)
    const reader = as('key:ada', { scopes: new Set(['agents:read']) })
    assert.doesNotMatch(JSON.stringify(await room.registry.getHealth(reader, 'echo')), /internal/)
  })

  it('is listed by the hour and by the day, the newest first', async () => {
    await record('ok')
    for (let minute = 0; minute < 26 * 60; minute += 30) {
      await pass(30 * MINUTE, minute === 0 ? 'timeout' : 'ok')
    }

    const hours = await allOf((query) => room.registry.listHealth(eve, 'echo', 'hour', query))
    assert.equal(hours.length, 27)
    const begun = hours.map(({ from }) => from)
    assert.deepEqual(
      begun,
      begun.toSorted((a, b) => b - a),
    )
    const days = await allOf((query) => room.registry.listHealth(eve, 'echo', 'day', query))
    const total = (state: 'up' | 'degraded') => days.reduce((sum, { ms }) => sum + (ms[state] ?? 0), 0)
    assert.deepEqual([total('up'), total('degraded')], [25.5 * 60 * MINUTE, 30 * MINUTE])
    assert.equal(
      days.reduce((sum, { checks }) => sum + checks, 0),
      53,
    )
  })

  it('is listed check by check for those who may manage the agent', async () => {
    await record('ok')
    for (let n = 0; n < 4; n++) await pass(MINUTE, n === 2 ? 'error' : 'ok')

    const checks = await allOf((query) => room.registry.listChecks(ada, 'echo', query))
    assert.deepEqual(
      checks.map(({ at, outcome }) => [(room.clock.now - at) / MINUTE, outcome]),
      [
        [0, 'ok'],
        [1, 'error'],
        [2, 'ok'],
        [3, 'ok'],
        [4, 'ok'],
      ],
    )
    await assert.rejects(room.registry.listChecks(eve, 'echo', { limit: 2 }), { code: 'forbidden' })
  })

  it('is nothing to those who do not see it, and pages lead on only for whom they were made', async () => {
    const hidden = as('key:eve', { tenant: 'acme' })
    for (const ask of [
      () => room.registry.getHealth(hidden, agent.id),
      () => room.registry.listHealth(hidden, agent.id, 'hour', { limit: 1 }),
      () => room.registry.listChecks(hidden, agent.id, { limit: 1 }),
    ]) {
      await assert.rejects(ask, { code: 'agent_not_found' })
    }
    await record('ok')
    await pass(MINUTE)
    const { nextCursor: cursor = '' } = await room.registry.listChecks(ada, 'echo', { limit: 1 })
    const admin = as('key:root', { scopes: new Set(['admin']) })
    await assert.rejects(room.registry.listChecks(admin, 'echo', { limit: 1, cursor }), {
      code: 'invalid_params',
    })
    const asHours = room.registry.listHealth(ada, 'echo', 'hour', { limit: 1, cursor })
    await assert.rejects(asHours, { code: 'invalid_params' })
  })

  it('of the directory is up, and has no history', async () => {
    const { current, checks } = await room.registry.getHealth(eve, 'directory')

    assert.deepEqual([current.state, checks], ['up', []])
  })
})
