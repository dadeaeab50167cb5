import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { ANONYMOUS } from '../../access/principal.ts'
import type { Check } from '../health/agent-health.ts'
import { as, callBy, cardText, type OpenRegistry, openRegistry } from '../open-registry.case.ts'
import type { AgentQuery } from '../registry.ts'

const ada = as('key:ada')
const URL = 'https://agent.example/a2a'

describe('search by health', () => {
  let room: OpenRegistry
  beforeEach(async () => {
    let made = 0
    // Ids of one millisecond are in no order of their own.
    room = await openRegistry({ newId: () => `0190a0a0-0000-7000-8000-${String(++made).padStart(12, '0')}` })
    await seen('well', [{ kind: 'interface', outcome: 'ok', url: URL, latencyMs: 20 }])
    await seen('failing', [{ kind: 'interface', outcome: 'timeout', url: URL }])
    await seen('quick', [{ kind: 'delivery', outcome: 'ok', latencyMs: 5 }])
    await seen('new', [])
    await seen('beating', [])
    await room.registry.heartbeat(ada, 'beating')
  })

  const seen = async (slug: string, checks: readonly Omit<Check, 'at'>[]) => {
    const { agent } = await room.registry.register(ada, { card: cardText(), slug, visibility: 'public' })
    const at = room.clock.now
    if (checks.length > 0)
      await room.health.record(
        agent,
        checks.map((check) => ({ ...check, at })),
      )
  }

  const find = async (query: Partial<AgentQuery>) => {
    const { items, total } = await room.registry.search(ada, { limit: 100, ...query })
    assert.equal(total, items.length)
    return items.map(({ slug }) => slug)
  }

  it('finds agents by how they are now', async () => {
    assert.deepEqual(await find({ health: ['up'] }), ['well', 'quick', 'beating'])
    assert.deepEqual(await find({ health: ['down', 'unknown'] }), ['failing', 'new'])
    assert.deepEqual(await find({ onlyAlive: true }), ['well', 'quick', 'beating'])
    assert.deepEqual(await find({ onlyAlive: true, health: ['unknown', 'down'] }), [])

    room.clock.now += 300_000
    assert.deepEqual(await find({ health: ['down'] }), ['failing', 'beating'], 'its heartbeats are missing')
    assert.deepEqual(await find({ onlyAlive: true }), ['well', 'quick'])
  })

  it('finds agents that were seen doing what they are for, for a day', async () => {
    assert.deepEqual(await find({ verified: true }), ['quick'])
    room.clock.now += 24 * 60 * 60 * 1000
    assert.deepEqual(await find({ verified: true }), [])
    assert.equal((await find({ verified: false })).length, 5)
  })

  it('does not find what is disabled as alive', async () => {
    await room.registry.update(ada, 'well', { lifecycle: 'disabled' })

    const disabled = { filters: { lifecycle: ['disabled'] } }
    assert.deepEqual(await find({ ...disabled, onlyAlive: true }), [])
    assert.deepEqual(await find({ ...disabled, health: ['unknown'] }), ['well'])
  })

  it('lists the best first, or the fastest, page by page', async () => {
    const paged = async (query: Partial<AgentQuery>): Promise<string[]> => {
      const slugs: string[] = []
      for (let cursor: string | undefined; ; ) {
        const page = await room.registry.search(ada, { limit: 2, ...query, ...(cursor && { cursor }) })
        slugs.push(...page.items.map(({ slug }) => slug))
        cursor = page.nextCursor
        if (cursor === undefined) return slugs
      }
    }
    assert.deepEqual(await paged({ sort: 'health' }), ['well', 'quick', 'beating', 'new', 'failing'])
    assert.deepEqual(await paged({ sort: 'latency' }), ['quick', 'well', 'failing', 'new', 'beating'])
    assert.deepEqual(await paged({ sort: 'health', health: ['up'] }), ['well', 'quick', 'beating'])

    room.clock.now += 300_000
    assert.deepEqual(await paged({ sort: 'health' }), ['well', 'quick', 'new', 'failing', 'beating'])
  })

  it('counts how agents are now, and only those that the caller may see', async () => {
    await room.registry.update(ada, 'failing', { visibility: 'restricted' })
    const countsFor = async (call: typeof ada) =>
      (await room.registry.search(call, { limit: 1, facets: ['health', 'lifecycle'] })).facets

    assert.deepEqual(await countsFor(callBy(ANONYMOUS)), {
      health: [
        { value: 'up', count: 3 },
        { value: 'unknown', count: 1 },
      ],
      lifecycle: [{ value: 'active', count: 4 }],
    })
    room.clock.now += 300_000
    assert.deepEqual((await countsFor(ada))?.health, [
      { value: 'down', count: 2 },
      { value: 'up', count: 2 },
      { value: 'unknown', count: 1 },
    ])
  })

  it('leads on by a cursor only in the list that it was made for', async () => {
    const list = { limit: 1, onlyAlive: true } as const
    const { nextCursor: cursor } = await room.registry.search(ada, list)
    assert.ok(cursor)

    for (const other of [{ health: ['up'] }, { verified: true }, { sort: 'health' }] as const) {
      await assert.rejects(room.registry.search(ada, { ...list, ...other, cursor }), {
        code: 'invalid_params',
      })
    }
  })
})
