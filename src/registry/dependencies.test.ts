import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { ParleyError } from '../errors.ts'
import { as, cardAt, type OpenRegistry, openRegistry } from './open-registry.case.ts'

const ada = as('key:ada')
const eve = as('key:eve')

describe('what an agent depends on', () => {
  let room: OpenRegistry
  const register = (slug: string, more: object = {}, call = ada) =>
    room.registry.register(call, { card: cardAt(`https://${slug}.example`), slug, ...more })
  const dependencies = async (call = ada) =>
    (await room.registry.listDependencies(call, 'shop')).map(({ slug }) => slug)
  beforeEach(async () => {
    room = await openRegistry()
    for (const slug of ['stock', 'payments']) await register(slug)
    await register('vault', { visibility: 'restricted' }, eve)
  })

  it('is said when it is registered, by id or slug, and stays when it is registered anew', async () => {
    const { agent: stock } = await register('stock')
    await register('shop', { dependsOn: [stock.id, 'payments', 'stock'] })
    await register('shop')

    assert.deepEqual(await dependencies(), ['stock', 'payments'])
  })

  it('is changed without the card', async () => {
    await register('shop', { dependsOn: ['stock'] })

    const { version } = await room.registry.update(ada, 'shop', { dependsOn: ['payments'] })
    const { version: same } = await room.registry.update(ada, 'shop', { dependsOn: ['payments'] })
    assert.deepEqual([await dependencies(), same], [['payments'], version])

    await room.registry.update(ada, 'shop', { visibility: 'public' })
    assert.deepEqual(await dependencies(), ['payments'])
    const agent = await room.registry.update(ada, 'shop', { dependsOn: [] })
    assert.equal(agent.dependsOn, undefined)
  })

  it('is only what the caller sees: what is hidden is refused as what is missing', async () => {
    const problems = async (done: Promise<unknown>) =>
      done.then(
        () => [],
        ({ code, violations }: ParleyError) => [code, violations],
      )
    const registered = (ref: string) => problems(register('shop', { dependsOn: ['stock', ref] }))
    await register('shop')
    const updated = (ref: string) =>
      problems(room.registry.update(ada, 'shop', { dependsOn: ['stock', ref] }))

    const message = 'must be the id or slug of an agent that you see'
    const violations = [{ pointer: '/dependsOn/1', code: 'unknown', message }]
    assert.deepEqual(await registered('vault'), ['invalid_registration', violations])
    assert.deepEqual(await registered('missing'), await registered('vault'))
    assert.deepEqual(await updated('vault'), ['invalid_params', violations])
    assert.deepEqual(await updated('missing'), await updated('vault'))
  })

  it('is shown to a reader as far as they see it', async () => {
    await register('shop', { dependsOn: ['vault', 'stock'] }, eve)

    assert.deepEqual(await dependencies(eve), ['vault', 'stock'])
    assert.deepEqual(await dependencies(ada), ['stock'])
  })
})
