import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agentId } from '../../a2a/ids.ts'
import type { Agent } from '../../registry/agent.ts'
import type { Backend } from '../backend.ts'
import type { Cases } from './describe-backend.ts'
import { sampleAgent, sampleCard } from './sample-agent.ts'

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
    const next = { ...agent, version: 2, enabled: false }

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

  it('moves a heartbeat forward only, without a new version', async (t) => {
    const backend = await open(t)
    const agent = await create(backend, { lastHeartbeatAt: 1000 })

    assert.equal(await backend.agents.beat(agent.id, 5000), true)
    assert.equal(await backend.agents.beat(agent.id, 3000), true)
    assert.equal(await backend.agents.beat(agentId('missing'), 3000), false)
    assert.deepEqual(await backend.agents.find(agent.id), { ...agent, lastHeartbeatAt: 5000 })
    const stale = { ...agent, version: 2, enabled: false }
    assert.deepEqual(await backend.agents.commit({ agent: stale, expectedVersion: 1 }), { kind: 'committed' })
    assert.equal((await backend.agents.find(agent.id))?.lastHeartbeatAt, 5000)
  })

  it('searches with AND across filters and OR within one', async (t) => {
    const backend = await open(t)
    const echo = await create(backend, {
      id: agentId('agent-1'),
      slug: 'echo-1',
      card: sampleCard({ name: 'Écho Bot', skills: ['echo', 'sum'], capabilities: { streaming: true } }),
    })
    const slow = await create(backend, {
      id: agentId('agent-2'),
      slug: 'slow-1',
      owner: 'key:bob',
      card: sampleCard({ name: 'Slow 50%_Bot', skills: ['slow'], capabilities: { streaming: false } }),
    })
    await create(backend, { tenant: 'other', card: sampleCard({ name: 'Echo Bot', skills: ['echo'] }) })
    const search = async (filter: object) =>
      (await backend.agents.search({ tenant: 'default', ...filter }, 10)).map((agent) => agent.slug)

    assert.deepEqual(await search({}), [echo.slug, slow.slug])
    assert.deepEqual(await search({ names: ['ÉCHO b'] }), [echo.slug])
    assert.deepEqual(await search({ names: ['LOW-1'] }), [slow.slug])
    assert.deepEqual(await search({ names: ['50%_'] }), [slow.slug])
    assert.deepEqual(await search({ names: ['o%b'] }), [])
    assert.deepEqual(await search({ skills: ['sum', 'slow'] }), [echo.slug, slow.slug])
    assert.deepEqual(await search({ skills: ['su'] }), [])
    assert.deepEqual(await search({ capabilities: ['streaming'] }), [echo.slug])
    assert.deepEqual(await search({ owners: ['key:bob', 'key:carol'] }), [slow.slug])
    assert.deepEqual(await search({ names: ['bot'], skills: ['sum'], capabilities: ['streaming'] }), [
      echo.slug,
    ])
    assert.deepEqual(await search({ names: ['bot'], owners: ['key:bob'], skills: ['sum'] }), [])
    assert.deepEqual(await search({ ids: ['agent-2', 'missing'] }), [slow.slug])
    assert.deepEqual(await search({ ids: ['agent-2'], names: ['echo'] }), [])
    assert.deepEqual(await search({ ids: [] }), [])
    assert.deepEqual(await search({ names: [] }), [])
  })

  it('searches what an agent became, not what it was', async (t) => {
    const backend = await open(t)
    const agent = await create(backend, { card: sampleCard({ name: 'Before', skills: ['old'] }) })
    const next = { ...agent, version: 2, card: sampleCard({ name: 'After', skills: ['new'] }) }

    await backend.agents.commit({ agent: next, expectedVersion: 1 })

    assert.deepEqual(await backend.agents.search({ tenant: 'default', skills: ['old'] }, 10), [])
    assert.deepEqual(await backend.agents.search({ tenant: 'default', names: ['before'] }, 10), [])
    assert.deepEqual(await backend.agents.search({ tenant: 'default', skills: ['new'] }, 10), [next])
    await backend.agents.commit({ agent: next, expectedVersion: 2, removed: true })
    assert.deepEqual(await backend.agents.search({ tenant: 'default', skills: ['new'] }, 10), [])
  })

  it('pages a search by id', async (t) => {
    const backend = await open(t)
    const agents = await Promise.all(Array.from({ length: 7 }, () => create(backend)))
    const ids = agents.map((agent) => agent.id).sort()

    const first = await backend.agents.search({ tenant: 'default' }, 3)
    const second = await backend.agents.search({ tenant: 'default' }, 10, first.at(-1)?.id)

    assert.deepEqual(
      [...first, ...second].map((agent) => agent.id),
      ids,
    )
  })
}
