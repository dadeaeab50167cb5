import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agentId } from '../../a2a/ids.ts'
import type { Agent } from '../../registry/agent.ts'
import type { AgentFilter } from '../../registry/agent-store.ts'
import { type CardVersion, cardVersionInfo, MAX_CARD_VERSIONS } from '../../registry/card-version.ts'
import { type AgentListing, indexedAgent } from '../../registry/search/listing.ts'
import { alertWork, probeWork } from '../../work/agent-work.ts'
import type { Backend } from '../backend.ts'
import type { Cases } from './describe-backend.ts'
import { sampleAgent, sampleCard } from './sample-agent.ts'
import { T0 } from './sample-task.ts'

const create = async (backend: Backend, changes: Partial<Agent> = {}): Promise<Agent> => {
  const agent = sampleAgent(changes)
  assert.deepEqual(await backend.agents.commit({ agent, expectedVersion: 0 }), { kind: 'committed' })
  return agent
}

export const agentCases: Cases = ({ open }) => {
  it('returns an agent as it was committed, by id and by slug', async (t) => {
    const backend = await open(t)
    const agent = await create(backend, {
      cardUrl: 'https://a.example/card',
      originalCard: '{ "name" :"Ä" }',
    })

    assert.deepEqual(await backend.agents.find(agent.id), agent)
    assert.deepEqual(await backend.agents.findBySlug('default', agent.slug), agent)
    assert.equal(await backend.agents.findBySlug('other', agent.slug), undefined)
    assert.equal(await backend.agents.find(agentId('missing')), undefined)
  })

  it('refuses a commit made from a stale read', async (t) => {
    const backend = await open(t)
    const agent = await create(backend)
    const next = { ...agent, version: 2, lifecycle: 'disabled' as const }

    assert.deepEqual(await backend.agents.commit({ agent, expectedVersion: 0 }), { kind: 'conflict' })
    assert.deepEqual(await backend.agents.commit({ agent: next, expectedVersion: 1 }), { kind: 'committed' })
    assert.deepEqual(await backend.agents.commit({ agent: next, expectedVersion: 1 }), { kind: 'conflict' })
    assert.deepEqual(await backend.agents.find(agent.id), next)
  })

  it('gives a slug to one agent of a tenant, and keeps it for its owner after the agent is gone', async (t) => {
    const backend = await open(t)
    const first = await create(backend, { slug: 'shop', owner: 'key:alice' })
    const rival = sampleAgent({ slug: 'shop', owner: 'key:bob' })
    const second = sampleAgent({ slug: 'shop', owner: 'key:alice' })
    const taken = { kind: 'slug_taken', owner: 'key:alice' }

    assert.deepEqual(await backend.agents.commit({ agent: rival, expectedVersion: 0 }), taken)
    assert.deepEqual(await backend.agents.commit({ agent: second, expectedVersion: 0 }), taken)
    await create(backend, { slug: 'shop', tenant: 'other', owner: 'key:bob' })
    const removal = { agent: first, expectedVersion: 1, removed: true }
    assert.deepEqual(await backend.agents.commit(removal), { kind: 'committed' })
    assert.equal(await backend.agents.find(first.id), undefined)
    assert.equal(await backend.agents.findBySlug('default', 'shop'), undefined)
    assert.deepEqual(await backend.agents.commit({ agent: rival, expectedVersion: 0 }), taken)
    assert.deepEqual(await backend.agents.commit({ agent: second, expectedVersion: 0 }), {
      kind: 'committed',
    })
    assert.deepEqual(await backend.agents.findBySlug('default', 'shop'), second)
  })

  it('keeps a slug for its owner when the agent takes another', async (t) => {
    const backend = await open(t)
    const agent = await create(backend, { slug: 'old', owner: 'key:alice' })
    const renamed = { ...agent, slug: 'new', version: 2 }
    const rival = sampleAgent({ slug: 'old', owner: 'key:bob' })

    assert.deepEqual(await backend.agents.commit({ agent: renamed, expectedVersion: 1 }), {
      kind: 'committed',
    })
    assert.equal(await backend.agents.findBySlug('default', 'old'), undefined)
    assert.deepEqual(await backend.agents.findBySlug('default', 'new'), renamed)
    assert.deepEqual(await backend.agents.commit({ agent: rival, expectedVersion: 0 }), {
      kind: 'slug_taken',
      owner: 'key:alice',
    })
    const back = { ...renamed, slug: 'old', version: 3 }
    assert.deepEqual(await backend.agents.commit({ agent: back, expectedVersion: 2 }), { kind: 'committed' })
  })

  it('keeps a slug for the owner that its agent was given to', async (t) => {
    const backend = await open(t)
    const agent = await create(backend, { slug: 'given', owner: 'key:alice' })
    const given = { ...agent, owner: 'key:bob', version: 2 }
    const committed = { kind: 'committed' }
    assert.deepEqual(await backend.agents.commit({ agent: given, expectedVersion: 1 }), committed)
    const removal = { agent: given, expectedVersion: 2, removed: true }
    assert.deepEqual(await backend.agents.commit(removal), committed)
    const [former, present] = ['key:alice', 'key:bob'].map((owner) => sampleAgent({ slug: 'given', owner }))
    assert.ok(former !== undefined && present !== undefined)
    assert.deepEqual(await backend.agents.commit({ agent: former, expectedVersion: 0 }), {
      kind: 'slug_taken',
      owner: 'key:bob',
    })
    assert.deepEqual(await backend.agents.commit({ agent: present, expectedVersion: 0 }), committed)
  })

  it('moves a heartbeat forward only, without a new version', async (t) => {
    const backend = await open(t)
    const agent = await create(backend, { lastHeartbeatAt: 1000 })

    assert.equal(await backend.agents.beat(agent.id, 5000), true)
    assert.equal(await backend.agents.beat(agent.id, 3000), true)
    assert.equal(await backend.agents.beat(agentId('missing'), 3000), false)
    assert.deepEqual(await backend.agents.find(agent.id), { ...agent, lastHeartbeatAt: 5000 })
    const stale = { ...agent, version: 2, lifecycle: 'disabled' as const }
    assert.deepEqual(await backend.agents.commit({ agent: stale, expectedVersion: 1 }), { kind: 'committed' })
    assert.equal((await backend.agents.find(agent.id))?.lastHeartbeatAt, 5000)
  })

  it('keeps who never beat apart from who did, and since when heartbeats are expected', async (t) => {
    const backend = await open(t)
    const { lastHeartbeatAt: _, ...silent } = sampleAgent({ heartbeatIntervalMs: 10_000 })
    const agent = { ...silent, heartbeatsDeclaredAt: T0 }
    await backend.agents.commit({ agent, expectedVersion: 0 })
    const listed = async () => {
      const [listing] = await backend.agents.search({ tenant: 'default' }, { limit: 1 })
      return [listing?.lastHeartbeatAt, listing?.heartbeatsDeclaredAt]
    }

    assert.deepEqual(await backend.agents.find(agent.id), agent)
    assert.deepEqual(await backend.agents.findAll([agent.id]), [agent])
    assert.deepEqual(await listed(), [undefined, T0])
    await backend.agents.beat(agent.id, 1000)
    assert.deepEqual(await backend.agents.find(agent.id), { ...agent, lastHeartbeatAt: 1000 })
    assert.deepEqual(await listed(), [1000, T0])
  })

  it('lists where agents stand, with the grants of those that are not seen by all', async (t) => {
    const backend = await open(t)
    const grants = [
      { id: 'g', to: { subject: 'key:bob' }, right: 'manage', createdAt: 1, createdBy: 'key:alice' },
    ] as const
    for (const lifecycle of ['draft', 'pending', 'active', 'deprecated', 'disabled'] as const) {
      const agent = await create(backend, { lifecycle, grants })
      const filter = { tenant: 'default', terms: [[`lifecycle:${lifecycle}`]] } as const
      const [listing, ...more] = await backend.agents.search(filter, { limit: 10 })

      assert.deepEqual(more, [])
      assert.deepEqual([listing?.id, listing?.lifecycle], [agent.id, lifecycle])
      const isUnlisted = lifecycle === 'draft' || lifecycle === 'pending'
      assert.deepEqual(listing?.grants, isUnlisted ? grants : undefined)
    }
  })

  it('finds what it is asked for by id, in that order', async (t) => {
    const backend = await open(t)
    const [one, two, three] = [await create(backend), await create(backend), await create(backend)]

    const found = await backend.agents.findAll([three.id, agentId('missing'), one.id])
    assert.deepEqual(found, [three, one])
    assert.notDeepEqual(found, [two])
    assert.deepEqual(await backend.agents.findAll([]), [])
  })

  it('searches with AND across filters and OR within one', async (t) => {
    const backend = await open(t)
    const echo = await create(backend, {
      id: agentId('agent-1'),
      slug: 'echo-1',
      updatedAt: 1000,
      dependsOn: [agentId('agent-2')],
      card: sampleCard({ name: 'Écho Bot', skills: ['echo', 'sum'], capabilities: { streaming: true } }),
    })
    const slow = await create(backend, {
      id: agentId('agent-2'),
      slug: 'slow-1',
      owner: 'key:bob',
      updatedAt: 2000,
      card: sampleCard({ name: 'Slow 50%_Bot', skills: ['slow'], capabilities: { streaming: false } }),
    })
    await create(backend, { tenant: 'other', card: sampleCard({ name: 'Echo Bot', skills: ['echo'] }) })
    const search = async (filter: Partial<AgentFilter>) =>
      (await backend.agents.search({ tenant: 'default', ...filter }, { limit: 10 })).map(({ id }) => id)

    const both = [echo.id, slow.id]
    const expected: readonly (readonly [Partial<AgentFilter>, readonly string[]])[] = [
      [{}, both],
      [{ names: ['echo b'] }, [echo.id]],
      [{ names: ['low-1'] }, [slow.id]],
      [{ names: ['50%_'] }, [slow.id]],
      [{ names: ['o%b'] }, []],
      [{ terms: [['skill:sum', 'skill:slow']] }, both],
      [{ terms: [['skill:su']] }, []],
      [{ terms: [['capability:streaming']] }, [echo.id]],
      [{ terms: [['owner:key:bob', 'owner:key:carol']] }, [slow.id]],
      [{ terms: [['skill:sum'], ['capability:streaming']], names: ['bot'] }, [echo.id]],
      [{ terms: [['owner:key:bob'], ['skill:sum']] }, []],
      [{ terms: [['dependency:agent-2']] }, [echo.id]],
      [{ words: ['bot'] }, both],
      [{ words: ['ec'] }, [echo.id]],
      [{ words: ['bot', 'slo'] }, [slow.id]],
      [{ words: ['cho'] }, []],
      [{ words: ['sample', 'sum'], terms: [['capability:streaming']] }, [echo.id]],
      [{ words: ['"', 'bot*', 'OR', '(', 'words : bot'] }, []],
      [{ updatedSince: 2000 }, [slow.id]],
      [{ updatedSince: 2001, words: ['bot'] }, []],
      [{ ids: ['agent-2', 'missing'] }, [slow.id]],
      [{ ids: ['agent-2'], names: ['echo'] }, []],
      [{ ids: [] }, []],
      [{ names: [] }, []],
      [{ terms: [[]] }, []],
    ]
    for (const [filter, ids] of expected) {
      assert.deepEqual(await search(filter), ids, JSON.stringify(filter))
    }
  })

  it('lists what is needed to judge and rank an agent', async (t) => {
    const backend = await open(t)
    const grants = [
      { id: 'g1', to: { everyone: true }, right: 'invoke', createdAt: 1, createdBy: 'key:a' },
    ] as const
    const agent = await create(backend, { visibility: 'restricted', grants, lastHeartbeatAt: 1000 })
    await backend.agents.beat(agent.id, 9000)

    const filter = { tenant: 'default' }
    const [listing, ...others] = await backend.agents.search(filter, { limit: 10, withTerms: true })
    assert.deepEqual(others, [])
    const expected = indexedAgent({ ...agent, lastHeartbeatAt: 9000 }).listing
    assert.deepEqual(listing, expected)
    assert.deepEqual(listing?.grants, grants)
    const { terms: _, ...without } = expected
    assert.deepEqual(await backend.agents.search(filter, { limit: 10 }), [without])
  })

  it('lists little of an agent that says very much, and finds it by all of that', async (t) => {
    const backend = await open(t)
    const skills = Array.from({ length: 500 }, (_, n) => `${n}-${'x'.repeat(200)}`)
    const agent = await create(backend, { card: sampleCard({ name: 'Much', skills }) })
    const search = (filter: Partial<AgentFilter>) =>
      backend.agents.search({ tenant: 'default', ...filter }, { limit: 10, withTerms: true })

    const [listing] = await search({ terms: [[`skill:${skills.at(-1)}`]], words: ['399'] })
    assert.equal(listing?.id, agent.id)
    assert.ok(JSON.stringify(listing).length < 20_000)
    assert.ok(listing.terms?.includes(`skill:${skills[0]}`))
  })

  it('searches what an agent became, not what it was', async (t) => {
    const backend = await open(t)
    const agent = await create(backend, { card: sampleCard({ name: 'Before', skills: ['old'] }) })
    const next = { ...agent, version: 2, card: sampleCard({ name: 'After', skills: ['new'] }) }
    const search = async (filter: Partial<AgentFilter>) =>
      (await backend.agents.search({ tenant: 'default', ...filter }, { limit: 10 })).map(({ id }) => id)

    await backend.agents.commit({ agent: next, expectedVersion: 1 })

    assert.deepEqual(await search({ terms: [['skill:old']] }), [])
    assert.deepEqual(await search({ names: ['before'] }), [])
    assert.deepEqual(await search({ words: ['before'] }), [])
    assert.deepEqual(await search({ terms: [['skill:new']] }), [next.id])
    assert.deepEqual(await search({ words: ['after'] }), [next.id])
    await backend.agents.commit({ agent: next, expectedVersion: 2, removed: true })
    assert.deepEqual(await search({ terms: [['skill:new']] }), [])
    assert.deepEqual(await search({ words: ['after'] }), [])
    assert.deepEqual(await search({}), [])
  })

  it('pages a search in each order, through agents that are alike', async (t) => {
    const backend = await open(t)
    const names = ['b', 'a', 'Ä', 'b', 'c', 'a', 'b']
    for (const [n, name] of names.entries()) {
      await create(backend, { updatedAt: 1000 + (n % 3), card: sampleCard({ name: `${name} same` }) })
    }
    for (const words of [undefined, ['same']]) {
      for (const order of ['id', 'name', 'updated'] as const) {
        const filter = { tenant: 'default', ...(words && { words }) }
        const whole = await backend.agents.search(filter, { limit: 100, order })
        const paged: AgentListing[] = []
        for (;;) {
          const last = paged.at(-1)
          const page = await backend.agents.search(filter, { limit: 2, order, ...(last && { after: last }) })
          paged.push(...page)
          if (page.length < 2) break
        }
        assert.deepEqual(paged, whole)
        assert.equal(new Set(whole.map(({ id }) => id)).size, names.length)
        const keys = whole.map(({ id, nameKey, updatedAt }) =>
          order === 'name' ? nameKey : order === 'id' ? id : -updatedAt,
        )
        assert.deepEqual(
          keys,
          [...keys].sort((a, b) => (a < b ? -1 : 1)),
        )
      }
    }
  })

  it('keeps the cards of an agent, the newest of them, also once the agent is removed', async (t) => {
    const backend = await open(t)
    const first = sampleAgent({ cardVersion: 1 })
    const cardVersion = (number: number): CardVersion => ({
      agentId: first.id,
      number,
      at: T0 + number,
      by: 'key:alice',
      originalCard: `{ "number" :${number}, "ü": "\u00fc" }`,
      signatures: [],
      ...(number === 1 ? {} : { verdict: 'text' }),
    })
    for (let number = 1; number <= MAX_CARD_VERSIONS + 2; number++) {
      const agent = { ...first, version: number, cardVersion: number }
      const commit = { agent, expectedVersion: number - 1, cardVersion: cardVersion(number) }
      assert.deepEqual(await backend.agents.commit(commit), { kind: 'committed' })
    }
    const last = MAX_CARD_VERSIONS + 2
    const stale = { agent: { ...first, version: 2 }, expectedVersion: 1, cardVersion: cardVersion(last + 1) }
    assert.deepEqual(await backend.agents.commit(stale), { kind: 'conflict' })

    const listed = await backend.agents.listVersions(first.id)
    assert.deepEqual(
      listed.map(({ number }) => number),
      Array.from({ length: MAX_CARD_VERSIONS }, (_, index) => last - index),
    )
    assert.deepEqual(listed.at(-1), cardVersionInfo(cardVersion(3)))
    assert.deepEqual(await backend.agents.findVersion(first.id, last), cardVersion(last))
    for (const number of [0, 2, last + 1]) {
      assert.equal(await backend.agents.findVersion(first.id, number), undefined)
    }
    assert.deepEqual(await backend.agents.listVersions(agentId('missing')), [])
    const gone = { ...first, version: last + 1 }
    await backend.agents.commit({ agent: gone, expectedVersion: last, removed: true })
    assert.deepEqual(await backend.agents.listVersions(first.id), listed)
    assert.deepEqual(await backend.agents.findVersion(first.id, last), cardVersion(last))
  })

  it('finds a removed agent as such alone, by its slug until another has that', async (t) => {
    const { agents } = await open(t)
    const agent = sampleAgent({ slug: 'gone' })
    await agents.commit({ agent, expectedVersion: 0 })
    assert.equal(await agents.findRemoved(agent.id), undefined)
    assert.equal(await agents.findRemovedBySlug('default', 'gone'), undefined)

    const { lastHeartbeatAt: _, ...last } = { ...agent, version: 2, removedAt: T0 + 1 }
    assert.deepEqual(await agents.commit({ agent: last, expectedVersion: 1, removed: true }), {
      kind: 'committed',
    })
    assert.deepEqual(await agents.findRemoved(agent.id), last)
    assert.deepEqual(await agents.findRemovedBySlug('default', 'gone'), last)
    assert.equal(await agents.findRemovedBySlug('other', 'gone'), undefined)
    assert.equal(await agents.find(agent.id), undefined)
    assert.deepEqual(await agents.findAll([agent.id]), [])
    assert.deepEqual(await agents.search({ tenant: 'default' }, { limit: 10 }), [])
    assert.equal(await agents.beat(agent.id, T0), false)

    const anew = sampleAgent({ slug: 'gone' })
    assert.deepEqual(await agents.commit({ agent: anew, expectedVersion: 0 }), { kind: 'committed' })
    assert.equal(await agents.findRemovedBySlug('default', 'gone'), undefined)
    assert.deepEqual(await agents.findRemoved(agent.id), last)
  })

  it('puts the work of a commit on the queue; with an agent goes all that is about it, and comes what its removal asks for', async (t) => {
    const { agents, work } = await open(t)
    const agent = sampleAgent()
    const due = { kinds: ['probe', 'alert'] as const, limit: 10, now: T0, leaseMs: 1, busyLanes: [] }
    const kinds = async (now: number) =>
      (await work.lease({ ...due, now })).map(({ kind }) => kind).toSorted()

    const both = [probeWork(agent.id, T0), alertWork(agent.id, T0)]
    await agents.commit({ agent, expectedVersion: 0, work: both })
    assert.deepEqual(await kinds(T0), ['alert', 'probe'])

    const last = { agent: { ...agent, version: 2 }, expectedVersion: 1, removed: true }
    await agents.commit({ ...last, work: [alertWork(agent.id, T0 + 5)] })
    assert.deepEqual([await kinds(T0 + 4), await kinds(T0 + 5)], [[], ['alert']])
  })
}
