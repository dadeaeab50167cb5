import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Call } from '../access/principal.ts'
import type { Agent } from './agent.ts'
import { as, cardText, type OpenRegistry, openRegistry } from './open-registry.case.ts'

const ada = as('key:ada')
const notFound = { code: 'agent_not_found', message: 'Agent not found' }

describe('a credential that is limited to agents', () => {
  let room: OpenRegistry
  let mine: Agent
  let other: Agent
  let limited: Call
  let limitedAdmin: Call

  beforeEach(async () => {
    room = await openRegistry()
    mine = (await room.registry.register(ada, { card: cardText(), slug: 'mine' })).agent
    other = (await room.registry.register(ada, { card: cardText(), slug: 'other', visibility: 'public' }))
      .agent
    const agents = new Set<string>([mine.id])
    limited = as('key:ada', { agents })
    limitedAdmin = as('key:root', { agents, scopes: new Set(['admin']) })
  })

  it('finds these agents and counts no others, whatever it asks for', async () => {
    for (const call of [limited, limitedAdmin]) {
      const found = await room.registry.search(call, { limit: 1 })

      assert.deepEqual(
        found.items.map(({ slug }) => slug),
        ['mine'],
      )
      assert.deepEqual([found.total, found.nextCursor], [1, undefined])
      assert.equal((await room.registry.search(call, { limit: 10, names: ['other'] })).total, 0)
    }
  })

  it('cannot go on with a cursor that was made without the limit, nor the other way round', async () => {
    const { nextCursor = '' } = await room.registry.search(ada, { limit: 1 })
    const both = as('key:ada', { agents: new Set([mine.id, other.id]) })
    const first = await room.registry.search(both, { limit: 1 })
    const { nextCursor: ofBoth = '' } = first

    await assert.rejects(room.registry.search(both, { limit: 1, cursor: nextCursor }), {
      code: 'invalid_params',
    })
    await assert.rejects(room.registry.search(ada, { limit: 1, cursor: ofBoth }), { code: 'invalid_params' })
    const rest = await room.registry.search(both, { limit: 1, cursor: ofBoth })
    const found = [...first.items, ...rest.items].map(({ slug }) => slug)
    assert.deepEqual(found.sort(), ['mine', 'other'])
  })

  it('is answered for any other agent as for one that never was', async () => {
    for (const call of [limited, limitedAdmin]) {
      for (const ref of [other.id, other.slug, 'never']) {
        for (const action of ['discover', 'invoke', 'read', 'cancel', 'manage', 'beat'] as const) {
          await assert.rejects(room.registry.get(call, ref, action), notFound, `${action} ${ref}`)
        }
        await assert.rejects(room.registry.heartbeat(call, ref), notFound)
        await assert.rejects(room.registry.unregister(call, ref), notFound)
        await assert.rejects(room.registry.extendedCard(call, ref), notFound)
      }
    }
  })

  it('updates, beats and removes the agents it is for', async () => {
    const card = cardText({ version: '2' })
    const { agent, created } = await room.registry.register(limited, { card, slug: 'mine' })

    assert.deepEqual([created, agent.id, agent.version], [false, mine.id, 2])
    assert.equal((await room.registry.heartbeat(limited, 'mine')).agent.id, mine.id)
    await room.registry.unregister(limited, 'mine')
    assert.equal(await room.registry.find(mine.id), undefined)
  })

  it('does not learn by registering which slugs others have', async () => {
    const bob = as('key:bob', { agents: new Set([mine.id]) })
    for (const slug of ['other', 'fresh']) {
      await assert.rejects(room.registry.register(bob, { card: cardText(), slug }), { code: 'forbidden' })
    }
    await assert.rejects(room.registry.register(bob, { card: cardText(), slug: 'mine' }), {
      code: 'conflict',
    })
  })

  it('registers no agent, whether or not the slug is free, and changes no other of its owner', async () => {
    for (const call of [limited, limitedAdmin]) {
      for (const registration of [
        { card: cardText(), slug: 'fresh' },
        { card: cardText({ name: 'Fresh' }) },
        { card: cardText(), slug: 'other' },
      ]) {
        await assert.rejects(room.registry.register(call, { ...registration, owner: 'key:ada' }), {
          code: 'forbidden',
          message: /limited to certain agents/,
        })
      }
    }
    assert.equal((await room.registry.find(other.id))?.version, 1)
    await room.registry.unregister(limited, 'mine')
    await assert.rejects(room.registry.register(limited, { card: cardText(), slug: 'mine' }), {
      code: 'forbidden',
    })
  })
})
