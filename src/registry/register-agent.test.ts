import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { ANONYMOUS } from '../access/principal.ts'
import type { ParleyError } from '../errors.ts'
import {
  as,
  callBy,
  cardAt,
  cardText,
  cardValue,
  type OpenRegistry,
  openRegistry,
} from './open-registry.case.ts'

const ada = as('key:ada')
const eve = as('key:eve')
const admin = as('key:root', { scopes: new Set(['admin']) })

const pointersOf = async (refused: Promise<unknown>): Promise<[string, readonly string[]]> => {
  const error = await refused.then(
    () => assert.fail('was not refused'),
    (reason: ParleyError) => reason,
  )
  return [error.code, error.violations.map((violation) => violation.pointer)]
}

describe('register', () => {
  let room: OpenRegistry
  beforeEach(async () => {
    room = await openRegistry()
  })

  it('lists an agent with its defaults', async () => {
    const { agent, created } = await room.registry.register(ada, { card: cardText() })
    const { id: _, ...facts } = agent

    assert.equal(created, true)
    assert.deepEqual(facts, {
      slug: 'echo-agent',
      tenant: 'default',
      owner: 'key:ada',
      visibility: 'tenant',
      redelivery: 'at-most-once',
      version: 1,
      createdAt: room.clock.now,
      updatedAt: room.clock.now,
      lifecycle: 'active',
      originalCard: cardText(),
      card: cardText(),
      cardVersion: 1,
    })
    assert.deepEqual(await room.registry.find(agent.id), agent)
    assert.deepEqual(room.log, ['created echo-agent by key:ada'])
  })

  it('keeps the publisher’s bytes beside the v1.0 form', async () => {
    const scheme = { $case: 'httpAuthSecurityScheme', value: { scheme: 'Bearer' } }
    const card = JSON.stringify({ ...cardValue, securitySchemes: { bearer: { scheme } } }, null, 2)
    const { agent } = await room.registry.register(ada, { card })

    assert.equal(agent.originalCard, card)
    assert.ok(!agent.card.includes('$case'))
  })

  it('updates the agent of the same owner and slug, leaving what the registration leaves open', async () => {
    const options = {
      slug: 'echo',
      visibility: 'public',
      redelivery: 'at-least-once',
      cardProfile: 'v1',
      heartbeatTtlMs: 5000,
    } as const
    const first = await room.registry.register(ada, { card: cardText(), ...options })
    room.clock.now += 1000
    const second = await room.registry.register(ada, { card: cardText({ version: '2' }), slug: 'echo' })

    assert.equal(second.created, false)
    assert.deepEqual(second.agent, {
      ...first.agent,
      version: 2,
      updatedAt: room.clock.now,
      originalCard: cardText({ version: '2' }),
      card: cardText({ version: '2' }),
      cardVersion: 2,
    })
  })

  it('was never changed before it was changed last, whatever the clock says', async () => {
    const room = await openRegistry()
    const { agent } = await room.registry.register(as('key:ada'), { card: cardText() })
    room.clock.now -= 60_000

    const { agent: changed } = await room.registry.register(as('key:ada'), {
      card: cardText({ description: 'Another' }),
    })

    assert.equal(changed.version, 2)
    assert.equal(changed.updatedAt, agent.updatedAt)
  })

  it('finds the agent again by its card’s name when no slug is given', async () => {
    const first = await room.registry.register(ada, { card: cardText() })
    const second = await room.registry.register(ada, { card: cardText() })

    assert.deepEqual([second.created, second.agent.id], [false, first.agent.id])
  })

  it('numbers a derived slug that another owner has, and finds it again', async () => {
    await room.registry.register(ada, { card: cardText() })
    const first = await room.registry.register(eve, { card: cardAt('https://eve.example') })
    const again = await room.registry.register(eve, { card: cardAt('https://eve.example') })
    const third = await room.registry.register(as('key:bob'), { card: cardAt('https://bob.example') })

    assert.equal(first.agent.slug, 'echo-agent-2')
    assert.deepEqual([again.created, again.agent.id], [false, first.agent.id])
    assert.equal(third.agent.slug, 'echo-agent-3')
  })

  it('does not judge heartbeats by those of another owner’s agent of that name', async () => {
    await room.registry.register(ada, { card: cardText(), heartbeatTtlMs: 1000 })

    const { agent } = await room.registry.register(eve, {
      card: cardAt('https://eve.example'),
      heartbeatIntervalMs: 60_000,
    })

    assert.equal(agent.slug, 'echo-agent-2')
  })

  it('refuses a chosen slug that another owner has or had, and keeps it for that owner', async () => {
    const { agent } = await room.registry.register(ada, { card: cardText(), slug: 'echo' })
    const taken = () => room.registry.register(eve, { card: cardText(), slug: 'echo' })

    assert.deepEqual(await pointersOf(taken()), ['conflict', ['/slug']])
    await room.registry.unregister(ada, agent.id)
    assert.deepEqual(await pointersOf(taken()), ['conflict', ['/slug']])

    const again = await room.registry.register(ada, { card: cardText(), slug: 'echo' })
    assert.equal(again.created, true)
    assert.notEqual(again.agent.id, agent.id)
  })

  it('lets two tenants use one slug', async () => {
    await room.registry.register(ada, { card: cardText(), slug: 'echo' })
    const other = await room.registry.register(as('key:ada', { tenant: 'acme' }), {
      card: cardText(),
      slug: 'echo',
    })

    assert.deepEqual([other.created, other.agent.tenant], [true, 'acme'])
  })

  it('takes an owner from the caller’s groups, and from admin anyone', async () => {
    const member = as('key:ada', { groups: ['corp:ops'] })
    const ours = await room.registry.register(member, { card: cardText(), owner: 'group:corp:ops' })
    const theirs = await room.registry.register(admin, { card: cardText(), owner: 'key:bob', slug: 'bob' })

    assert.deepEqual([ours.agent.owner, theirs.agent.owner], ['group:corp:ops', 'key:bob'])
    for (const owner of ['key:bob', 'corp:ops', 'group:corp:dev', '']) {
      const refused = room.registry.register(member, { card: cardText(), owner })
      assert.deepEqual(await pointersOf(refused), ['forbidden', ['/owner']])
    }
    await assert.rejects(room.registry.register(admin, { card: cardText(), owner: ' ' }), {
      code: 'forbidden',
    })
  })

  it('takes the scope agents:write', async () => {
    for (const call of [
      callBy(ANONYMOUS),
      as('key:ada', { scopes: new Set(['agents:read', 'agents:heartbeat']) }),
    ]) {
      await assert.rejects(room.registry.register(call, { card: cardText() }), {
        code: 'forbidden',
        details: { scope: 'agents:write' },
      })
    }
  })

  it('fetches a card from its URL and remembers where it was', async () => {
    room.served.set('https://agent.example/', cardText())
    const { agent } = await room.registry.register(ada, { cardUrl: 'https://agent.example/' })
    const updated = await room.registry.register(ada, { card: cardText() })

    assert.equal(agent.cardUrl, 'https://agent.example/')
    assert.equal(agent.originalCard, cardText())
    assert.equal('cardUrl' in updated.agent, false)
    await assert.rejects(room.registry.register(ada, { cardUrl: 'https://none.example/' }), {
      code: 'agent_unavailable',
    })
  })

  it('names every problem of a card and of the slug, where the publisher wrote them', async () => {
    const card = cardText({ name: 7, skills: [{}] })
    const refused = room.registry.register(ada, { card, cardPointer: '/card', slug: 'register' })
    const [code, pointers] = await pointersOf(refused)

    assert.equal(code, 'invalid_registration')
    const ofSkill = ['description', 'id', 'name', 'tags'].map((name) => `/card/skills/0/${name}`)
    assert.deepEqual([...pointers].sort(), ['/card/name', ...ofSkill, '/slug'])
    const badSlug = room.registry.register(ada, { card: cardText(), slug: 'No' })
    assert.deepEqual(await pointersOf(badSlug), ['invalid_registration', ['/slug']])
  })

  it('refuses a card that leads back to the gateway', async () => {
    const { agent } = await room.registry.register(ada, { card: cardText() })
    const { text: card } = await room.registry.publishedCard(agent, 'v1')
    const interfaces = JSON.parse(card).supportedInterfaces

    assert.deepEqual(await pointersOf(room.registry.register(ada, { card })), [
      'invalid_registration',
      interfaces.map((_: unknown, index: number) => `/supportedInterfaces/${index}/url`),
    ])
  })

  it('makes one agent of concurrent registrations by one owner', async () => {
    const all = await Promise.all(
      Array.from({ length: 5 }, () => room.registry.register(ada, { card: cardText() })),
    )

    assert.equal(new Set(all.map(({ agent }) => agent.id)).size, 1)
    assert.equal(all.filter(({ created }) => created).length, 1)
    assert.equal((await room.registry.find(all[0]?.agent.id ?? assert.fail()))?.version, 5)
  })

  it('gives every owner of one name a slug of their own when they register at once', async () => {
    const all = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        room.registry.register(as(`key:${n}`), { card: cardAt(`https://agent.example/${n}`) }),
      ),
    )

    assert.equal(new Set(all.map(({ agent }) => agent.slug)).size, 5)
  })

  it('gives up on an agent that others keep changing', async () => {
    const { registry } = await openRegistry({
      wrap: (agents) => ({ ...agents, commit: async () => ({ kind: 'conflict' }) }),
    })

    await assert.rejects(registry.register(ada, { card: cardText() }), { code: 'unavailable' })
  })
})
