import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { ParleyError } from '../errors.ts'
import { as, cardText, type OpenRegistry, openRegistry } from './open-registry.case.ts'

const ada = as('key:ada')
const eve = as('key:eve')
const admin = as('key:root', { scopes: new Set(['admin']) })

const codeOf = (done: Promise<unknown>): Promise<string> =>
  done.then(
    () => 'ok',
    (reason: ParleyError) => reason.code,
  )

describe('where new agents wait for an admin', () => {
  let room: OpenRegistry
  const register = async (call = ada, more: object = {}) =>
    (await room.registry.register(call, { card: cardText(), visibility: 'public', ...more })).agent
  const update = (lifecycle: 'active' | 'pending' | 'draft', call = ada) =>
    room.registry.update(call, 'echo-agent', { lifecycle })
  beforeEach(async () => {
    room = await openRegistry({ registration: 'approve' })
  })

  it('one is pending, seen by its owner and admins only, until an admin approves it', async () => {
    const { id, lifecycle } = await register()
    assert.equal(lifecycle, 'pending')
    assert.equal(await codeOf(room.registry.get(eve, id, 'discover')), 'agent_not_found')
    assert.equal(await codeOf(update('active')), 'forbidden')
    const { items } = await room.registry.search(admin, { filters: { lifecycle: ['pending'] }, limit: 10 })
    assert.deepEqual(
      items.map((agent) => agent.id),
      [id],
    )

    assert.equal((await room.registry.approve(admin, id)).lifecycle, 'active')
    assert.equal(await codeOf(room.registry.get(eve, id, 'invoke')), 'ok')
    assert.equal((await register()).lifecycle, 'active')
  })

  it('one is approved as the admin saw it', async () => {
    const seen = await register()
    await room.registry.replace(ada, seen.id, { card: cardText({ name: 'Other' }) })
    const asSeen = ({ version }: { readonly version: number }) => version === seen.version
    assert.equal(await codeOf(room.registry.approve(admin, seen.id, asSeen)), 'precondition_failed')
    assert.equal((await room.registry.find(seen.id))?.lifecycle, 'pending')
  })

  it('a refused one is a draft that says why, until its owner asks again', async () => {
    await register()
    const refused = await room.registry.refuse(admin, 'echo-agent', { reason: 'No contact' })
    assert.deepEqual(
      [refused.lifecycle, refused.refusal],
      ['draft', { reason: 'No contact', at: room.clock.now }],
    )
    assert.equal(await codeOf(update('active')), 'forbidden')
    assert.equal((await register()).refusal?.reason, 'No contact')
    const again = await update('pending')
    assert.deepEqual([again.lifecycle, again.refusal], ['pending', undefined])
    assert.equal((await update('active', admin)).lifecycle, 'active')
  })

  it('only an admin approves and refuses, and only what is pending', async () => {
    await register(admin, { slug: 'own' })
    await register(ada, { slug: 'draft', lifecycle: 'draft' })
    const { approve, refuse } = room.registry
    for (const [slug, call, code] of [
      ['own', admin, 'conflict'],
      ['draft', admin, 'conflict'],
      ['missing', admin, 'agent_not_found'],
      ['draft', ada, 'forbidden'],
      ['missing', ada, 'forbidden'],
    ] as const) {
      assert.equal(await codeOf(approve(call, slug)), code, slug)
      assert.equal(await codeOf(refuse(call, slug, { reason: 'No' })), code, slug)
    }
  })

  it('what was let in is disabled and made active by who manages it', async () => {
    const { id } = await register()
    await room.registry.approve(admin, id)
    await room.registry.update(ada, id, { lifecycle: 'disabled' })
    assert.equal((await update('active')).lifecycle, 'active')
  })
})
