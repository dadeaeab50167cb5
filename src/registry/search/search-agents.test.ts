import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import { agentId } from '../../a2a/ids.ts'
import { ANONYMOUS, type Call } from '../../access/principal.ts'
import { VISIBILITIES } from '../agent.ts'
import { as, callBy, cardAt, cardText, type OpenRegistry, openRegistry } from '../open-registry.case.ts'
import type { AgentQuery } from '../registry.ts'
import { indexedAgent } from './listing.ts'

const ada = as('key:ada')
const eve = as('key:eve')
const admin = as('key:root', { scopes: new Set(['admin']) })
const skill = (id: string) => ({ id, name: id, description: id, tags: [] })

describe('search', () => {
  let room: OpenRegistry
  beforeEach(async () => {
    room = await openRegistry()
  })

  const slugs = async (call: Call, query: Partial<AgentQuery> = {}): Promise<string[]> =>
    (await room.registry.search(call, { limit: 100, ...query })).items.map((agent) => agent.slug).sort()

  const registerAll = async (call: Call, count: number, visibility: (typeof VISIBILITIES)[number]) => {
    for (let n = 0; n < count; n++) {
      await room.registry.register(call, { card: cardText(), slug: `${visibility}-${n}`, visibility })
    }
  }

  it('shows each caller what they may discover, and counts nothing else', async () => {
    for (const visibility of VISIBILITIES) await registerAll(ada, 3, visibility)
    const totals = async (call: Call) => (await room.registry.search(call, { limit: 1 })).total

    assert.equal(await totals(ada), 9)
    assert.equal(await totals(admin), 9)
    assert.equal(await totals(eve), 6)
    assert.equal(await totals(callBy(ANONYMOUS)), 3)
    assert.equal(await totals(as('key:ada', { tenant: 'acme' })), 0)
  })

  it('joins filters by AND, and the values of one by OR', async () => {
    const silent = { capabilities: {} }
    await room.registry.register(ada, { card: cardText({ name: 'Weather', skills: [skill('rain')] }) })
    await room.registry.register(ada, {
      card: cardText({ name: 'News', skills: [skill('rain'), skill('read')], ...silent }),
    })
    await room.registry.register(eve, {
      card: cardAt('https://eve.example', { name: 'Newspaper', skills: [skill('read')] }),
    })

    assert.deepEqual(await slugs(ada, { names: ['NEWS'] }), ['news', 'newspaper'])
    assert.deepEqual(await slugs(ada, { filters: { skill: ['rain', 'read'] } }), [
      'news',
      'newspaper',
      'weather',
    ])
    assert.deepEqual(await slugs(ada, { filters: { skill: ['read'], owner: ['key:ada'] } }), ['news'])
    assert.deepEqual(await slugs(ada, { filters: { capability: ['streaming'] }, names: ['news'] }), [
      'newspaper',
    ])
    assert.deepEqual(await slugs(ada, { names: [], filters: { skill: [] } }), [
      'news',
      'newspaper',
      'weather',
    ])
  })

  it('leaves out agents whose last heartbeat is older than their TTL', async () => {
    await room.registry.register(ada, { card: cardText(), slug: 'brief', heartbeatTtlMs: 1000 })
    await room.registry.heartbeat(ada, 'brief')
    await room.registry.register(ada, { card: cardText(), slug: 'lasting' })
    await room.registry.heartbeat(ada, 'lasting')
    await room.registry.register(ada, { card: cardText(), slug: 'silent' })
    room.clock.now += 1001

    assert.deepEqual(await slugs(ada, { onlyAlive: true }), ['lasting'])
    assert.deepEqual(await slugs(ada), ['brief', 'lasting', 'silent'])
  })

  it('pages through everything once, whatever the page size, with one total', async () => {
    for (const visibility of VISIBILITIES) await registerAll(ada, 5, visibility)
    const everything = await slugs(eve)

    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), async (limit) => {
        const seen: string[] = []
        let cursor: string | undefined
        do {
          const page = await room.registry.search(eve, { limit, ...(cursor === undefined ? {} : { cursor }) })
          assert.deepEqual([page.total, page.totalCapped], [10, false])
          assert.ok(page.items.length <= limit)
          seen.push(...page.items.map((agent) => agent.slug))
          cursor = page.nextCursor
        } while (cursor !== undefined)

        assert.deepEqual(seen.sort(), everything)
      }),
    )
  })

  it('reads on past many agents the caller may not see', async () => {
    await registerAll(ada, 450, 'restricted')
    await registerAll(ada, 2, 'tenant')

    assert.deepEqual(await slugs(eve, { limit: 2 }), ['tenant-0', 'tenant-1'])
  })

  it('refuses a cursor of another principal, of another filter, or made up', async () => {
    await registerAll(ada, 3, 'tenant')
    const { nextCursor: cursor } = await room.registry.search(ada, { limit: 1, names: ['echo'] })
    assert.ok(cursor)

    const refused: [Call, AgentQuery][] = [
      [eve, { limit: 1, names: ['echo'], cursor }],
      [as('key:ada', { tenant: 'acme' }), { limit: 1, names: ['echo'], cursor }],
      [ada, { limit: 1, cursor }],
      [ada, { limit: 1, names: ['echo'], onlyAlive: true, cursor }],
      [ada, { limit: 1, names: ['echo'], cursor: `${cursor}x` }],
      [ada, { limit: 1, names: ['echo'], cursor: '' }],
    ]
    for (const [call, query] of refused) {
      await assert.rejects(room.registry.search(call, query), { code: 'invalid_params' })
    }
    assert.equal((await room.registry.search(ada, { limit: 2, names: ['echo'], cursor })).items.length, 2)
  })

  it('takes the scope agents:read and a limit from 1 to 100', async () => {
    const submitter = as('key:eve', { scopes: new Set(['tasks:submit']) })

    await assert.rejects(room.registry.search(submitter, { limit: 1 }), { code: 'forbidden' })
    for (const limit of [0, 101, 1.5, Number.NaN]) {
      await assert.rejects(room.registry.search(ada, { limit }), { code: 'invalid_params' })
    }
  })

  it('counts exactly up to 10,000, then says that there are more', async () => {
    const { agent } = await room.registry.register(ada, { card: cardText() })
    const ids = (count: number) => Array.from({ length: count }, (_, n) => String(n).padStart(6, '0'))
    for (const [count, total, totalCapped] of [
      [10_000, 10_000, false],
      [10_001, 10_000, true],
    ] as const) {
      const { listing } = indexedAgent(agent)
      const all = ids(count).map((id) => ({ ...listing, id: agentId(id) }))
      const { registry } = await openRegistry({
        wrap: (agents) => ({
          ...agents,
          search: async (_filter, { limit, after }) => {
            const start = after === undefined ? 0 : Number(after.id) + 1
            return all.slice(start, start + limit)
          },
          findAll: async () => [agent],
        }),
      })

      const page = await registry.search(ada, { limit: 50 })
      assert.deepEqual([page.total, page.totalCapped], [total, totalCapped])
    }
  })

  describe('by words', () => {
    const publish = (name: string, more: object = {}) =>
      room.registry.register(ada, { card: cardText({ name, skills: [], ...more }) })
    const ranked = async (text: string, query: Partial<AgentQuery> = {}) =>
      (await room.registry.search(ada, { text, limit: 100, ...query })).items.map(({ slug }) => slug)

    it('finds the beginnings of words in everything a card says, whatever their case and accents', async () => {
      await publish('Zürich Tram', {
        description: 'Knows when it leaves',
        provider: { organization: 'Città Trasporti', url: 'https://t.example' },
        skills: [{ ...skill('timetable'), tags: ['public-transport'], examples: ['Quand part le métro ?'] }],
      })
      await publish('翻訳', { description: '日本語を英語にします' })

      for (const text of [
        'zur',
        'ZURICH tram',
        'leav',
        'citta',
        'timet',
        'transport',
        'metro',
        'tram metro',
      ]) {
        assert.deepEqual(await ranked(text), ['zurich-tram'], text)
      }
      for (const text of ['rich', 'tram bus', 'zurich-bus']) assert.deepEqual(await ranked(text), [], text)
      assert.equal((await ranked('英語')).length, 1)
    })

    it('puts first what is named so, then what can do so, then what only mentions it', async () => {
      await publish('Mentions', { description: 'Like a weather forecast, but other' })
      await publish('Provided', { provider: { organization: 'Weather Inc', url: 'https://w.example' } })
      await publish('Tagged', { skills: [{ ...skill('x'), tags: ['weather'] }] })
      await publish('Skilled', { skills: [skill('weather')] })
      await publish('Weatherman')
      await publish('Weather')

      const best = ['weather', 'skilled', 'tagged', 'weatherman', 'provided', 'mentions']
      assert.deepEqual(await ranked('weather'), best)
      assert.deepEqual(await ranked('weather', { sort: 'name' }), [...best].sort())
      const paged: string[] = []
      for (let cursor: string | undefined; ; ) {
        const page = await room.registry.search(ada, { text: 'weather', limit: 2, ...(cursor && { cursor }) })
        assert.equal(page.total, 6)
        paged.push(...page.items.map(({ slug }) => slug))
        cursor = page.nextCursor
        if (cursor === undefined) break
      }
      assert.deepEqual(paged, best)
    })

    it('finds nothing that the caller may not see, by no word and in no count', async () => {
      await room.registry.register(ada, { card: cardText({ name: 'Secret' }), visibility: 'restricted' })
      await publish('Open secret')

      const page = await room.registry.search(eve, { text: 'secret', facets: ['owner'], limit: 10 })
      assert.deepEqual(
        page.items.map(({ slug }) => slug),
        ['open-secret'],
      )
      assert.deepEqual([page.total, page.facets], [1, { owner: [{ value: 'key:ada', count: 1 }] }])
    })
  })

  it('counts the values of facets over all that is found, not over the page', async () => {
    for (const [n, tags] of [['Maps', 'fast'], ['maps'], ['cars']].entries()) {
      const skills = [{ ...skill(`s${n}`), tags }]
      await room.registry.register(ada, { card: cardText({ name: `Agent ${n}`, skills }) })
    }

    const page = await room.registry.search(ada, { limit: 1, facets: ['tag', 'security', 'binding'] })
    assert.deepEqual(page.facets, {
      tag: [
        { value: 'maps', count: 2 },
        { value: 'cars', count: 1 },
        { value: 'fast', count: 1 },
      ],
      security: [{ value: 'none', count: 3 }],
      binding: [{ value: 'JSONRPC', count: 3 }],
    })
    assert.equal((await room.registry.search(ada, { limit: 1 })).facets, undefined)
  })
})
