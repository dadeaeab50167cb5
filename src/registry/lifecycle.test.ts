import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { ANONYMOUS } from '../access/principal.ts'
import type { ParleyError } from '../errors.ts'
import type { Agent } from './agent.ts'
import { LIFECYCLES, TRANSITIONS } from './lifecycle.ts'
import { as, callBy, cardText, type OpenRegistry, openRegistry } from './open-registry.case.ts'

const ada = as('key:ada')
const eve = as('key:eve')
const admin = as('key:root', { scopes: new Set(['admin']) })
const anonymous = callBy(ANONYMOUS)

const codeOf = (done: Promise<unknown>): Promise<string> =>
  done.then(
    () => 'ok',
    (reason: ParleyError) => reason.code,
  )

describe('the lifecycle of an agent', () => {
  let room: OpenRegistry
  const register = async (slug: string, more: object = {}): Promise<Agent> => {
    const registration = { card: cardText(), slug, visibility: 'public', ...more } as const
    return (await room.registry.register(ada, registration)).agent
  }
  const slugsFor = async (call = eve, lifecycle?: readonly string[]) => {
    const filters = lifecycle === undefined ? {} : { lifecycle }
    const { items, total, facets } = await room.registry.search(call, {
      filters,
      facets: ['lifecycle'],
      limit: 100,
    })
    assert.equal(items.length, total)
    const counted = facets?.lifecycle?.map(({ count }) => count) ?? []
    assert.equal(
      counted.reduce((sum, count) => sum + count, 0),
      total,
    )
    return items.map(({ slug }) => slug).sort()
  }
  beforeEach(async () => {
    room = await openRegistry()
  })

  it('changes as the table says, and in no other way', async () => {
    for (const from of LIFECYCLES) {
      for (const to of LIFECYCLES) {
        const { id } = await register(`${from}-${to}`, { lifecycle: 'draft' })
        const path = { draft: [], pending: ['pending'], active: ['active'] } as const
        const before = from === 'deprecated' || from === 'disabled' ? (['active', from] as const) : path[from]
        for (const lifecycle of before) await room.registry.update(ada, id, { lifecycle })

        const isAllowed = from === to || TRANSITIONS[from].includes(to)
        const code = await codeOf(room.registry.update(ada, id, { lifecycle: to }))
        assert.equal(code, isAllowed ? 'ok' : 'conflict', `${from} to ${to}`)
        assert.equal((await room.registry.find(id))?.lifecycle, isAllowed ? to : from)
      }
    }
  })

  it('hides a draft from all but those who may manage it, however public it will be', async () => {
    const draft = await register('draft', { lifecycle: 'draft' })
    for (const call of [eve, anonymous]) {
      assert.deepEqual(await slugsFor(call), [])
      assert.equal(await codeOf(room.registry.get(call, draft.id, 'discover')), 'agent_not_found')
    }
    assert.equal(await codeOf(room.registry.get(eve, draft.id, 'invoke')), 'agent_not_found')
    assert.equal(await codeOf(room.registry.get(ada, draft.id, 'invoke')), 'ok')
    for (const call of [ada, admin]) assert.deepEqual(await slugsFor(call, ['draft']), ['draft'])

    const grant = (right: 'invoke' | 'manage') =>
      room.registry.createGrant(ada, draft.id, { to: { subject: 'key:eve' }, right })
    await grant('invoke')
    assert.deepEqual(await slugsFor(), [])
    await grant('manage')
    assert.deepEqual(await slugsFor(), ['draft'])
    await room.registry.update(eve, draft.id, { lifecycle: 'active' })
    assert.deepEqual(await slugsFor(anonymous), ['draft'])
  })

  it('is what an agent has once it is there: registering it anew makes no draft of it', async () => {
    const active = await register('active')
    const again = { card: cardText(), slug: 'active', lifecycle: 'draft' } as const
    assert.equal(await codeOf(room.registry.register(ada, again)), 'invalid_registration')
    assert.equal(await codeOf(room.registry.replace(ada, active.id, again)), 'invalid_registration')
    await room.registry.update(ada, active.id, { lifecycle: 'deprecated' })
    await room.registry.replace(ada, active.id, { card: cardText() })
    assert.equal((await room.registry.find(active.id))?.lifecycle, 'deprecated')
  })

  it('keeps a disabled agent from being called, and shows it to who asks', async () => {
    const { id } = await register('off')
    await room.registry.update(ada, id, { lifecycle: 'disabled' })
    for (const call of [ada, admin, eve]) {
      assert.equal(await codeOf(room.registry.get(call, id, 'invoke')), 'agent_unavailable')
      assert.equal(await codeOf(room.registry.get(call, id, 'read')), 'ok')
      assert.equal((await room.registry.get(call, id, 'discover')).lifecycle, 'disabled')
      assert.deepEqual(await slugsFor(call), [])
      assert.deepEqual(await slugsFor(call, ['disabled', 'active']), ['off'])
    }
  })

  it('names the successor of a deprecated agent, which works on', async () => {
    const [old, next] = [await register('old'), await register('next')]
    const deprecated = await room.registry.update(ada, 'old', { lifecycle: 'deprecated', successor: 'next' })
    assert.equal(deprecated.successor, next.id)
    assert.equal(await codeOf(room.registry.get(eve, 'old', 'invoke')), 'ok')
    assert.deepEqual(await slugsFor(), ['next', 'old'])

    const other = await register('other')
    const moved = await room.registry.update(ada, 'old', { successor: other.id })
    assert.equal(moved.successor, other.id)
    const back = await room.registry.update(ada, 'old', { lifecycle: 'active' })
    assert.equal(back.successor, undefined)
    for (const successor of ['missing', old.id, 'old']) {
      const refused = room.registry.update(ada, 'old', { lifecycle: 'deprecated', successor })
      assert.equal(await codeOf(refused), 'invalid_params', successor)
    }
    assert.equal(await codeOf(room.registry.update(ada, 'old', { successor: next.id })), 'invalid_params')
  })

  it('is changed by nobody who may not manage the agent', async () => {
    const { id } = await register('mine')
    for (const lifecycle of LIFECYCLES) {
      assert.equal(await codeOf(room.registry.update(eve, id, { lifecycle })), 'forbidden')
    }
  })
})
