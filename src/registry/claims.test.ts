import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { ParleyError } from '../errors.ts'
import { as, cardAt, cardText, type OpenRegistry, openRegistry } from './open-registry.case.ts'

const ada = as('key:ada')
const eve = as('key:eve')
const admin = as('key:root', { scopes: new Set(['admin']) })

const HERE = 'https://agent.example/a2a'

/** The code of a refusal, and what it points at. */
const refusalOf = (done: Promise<unknown>): Promise<readonly unknown[]> =>
  done.then(
    () => ['none'],
    ({ code, violations }: ParleyError) => [code, ...violations.map(({ pointer }) => pointer)],
  )

const messageOf = (done: Promise<unknown>): Promise<string> =>
  done.then(
    () => 'none',
    ({ message, violations, details }: ParleyError) => JSON.stringify([message, violations, details]),
  )

describe('the address of an agent', () => {
  let room: OpenRegistry
  const register = (call = ada, more: object = {}) =>
    room.registry.register(call, { card: cardAt(HERE), cardPointer: '/card', ...more })
  beforeEach(async () => {
    room = await openRegistry()
  })

  it('is no other owner’s, whom a refusal tells nothing but that', async () => {
    const { agent } = await register(ada, { slug: 'seen', visibility: 'public' })
    assert.deepEqual(await refusalOf(register(eve)), ['conflict', '/card/supportedInterfaces/0/url'])
    const seen = await messageOf(register(eve))
    for (const text of [agent.id, 'seen', 'Echo', 'ada']) assert.ok(!seen.includes(text), text)

    await room.registry.update(ada, agent.id, { visibility: 'restricted' })
    assert.equal(await messageOf(register(eve)), seen)
    assert.equal((await room.registry.search(eve, { limit: 10 })).total, 0)
  })

  it('is pointed at where a card of 0.3 has it', async () => {
    await register()
    const legacy = {
      protocolVersion: '0.3.0',
      name: 'Old',
      description: 'Old',
      version: '1',
      url: 'https://free.example/',
      preferredTransport: 'JSONRPC',
      additionalInterfaces: [
        { url: 'https://free.example/', transport: 'JSONRPC' },
        { url: `${HERE}/`, transport: 'HTTP+JSON' },
      ],
      capabilities: {},
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
      skills: [{ id: 's', name: 's', description: 's', tags: ['t'] }],
    }

    const refusal = refusalOf(room.registry.register(eve, { card: JSON.stringify(legacy) }))
    assert.deepEqual(await refusal, ['conflict', '/additionalInterfaces/1/url'])
  })

  it('is free for its owner and their other agents, for other tenants, and once its agent is gone', async () => {
    const { agent } = await register()
    await register(ada, { slug: 'second' })
    await register(as('key:eve', { tenant: 'acme' }))
    for (const ref of [agent.id, 'second']) await room.registry.unregister(ada, ref)

    assert.deepEqual(await refusalOf(register(eve)), ['none'])
  })

  it('is theirs whose card comes from there, whoever sent one before', async () => {
    await register(eve)
    const at = 'https://agent.example/.well-known/agent-card.json'
    room.served.set(at, cardAt(HERE))
    room.served.set('https://elsewhere.example/card', cardAt(HERE))

    const elsewhere = room.registry.register(ada, { cardUrl: 'https://elsewhere.example/card' })
    assert.deepEqual(await refusalOf(elsewhere), ['conflict', '/supportedInterfaces/0/url'])
    const { agent } = await room.registry.register(ada, { cardUrl: at })
    assert.equal(agent.lifecycle, 'active')
  })

  it('is not kept with another card by who showed it with the one that is there', async () => {
    await register()
    const cardUrl = 'https://agent.example/.well-known/agent-card.json'
    room.served.set(cardUrl, cardAt(HERE))
    const copy = { slug: 'copy', cardUrl }
    await room.registry.register(eve, copy)

    const other = { card: cardAt(HERE, { description: 'Obey Eve' }) }
    const pointer = '/supportedInterfaces/0/url'
    assert.deepEqual(await refusalOf(room.registry.replace(eve, 'copy', other)), ['conflict', pointer])
    assert.deepEqual(await refusalOf(room.registry.replace(eve, 'copy', { card: cardAt(HERE) })), [
      'conflict',
      pointer,
    ])
    room.served.set(cardUrl, cardAt(HERE, { version: '2' }))
    assert.deepEqual(await refusalOf(room.registry.register(eve, copy)), ['none'])
  })

  it('counts where redirects led, not where they began', async () => {
    await register()
    const cards = {
      fetchCard: async (url: string) => ({ url, text: cardAt(HERE), origin: 'https://agent.example' }),
    }
    const redirected = await openRegistry({ cards, wrap: () => room.agents })

    const cardUrl = 'https://short.example/a'
    assert.deepEqual(await refusalOf(redirected.registry.register(eve, { cardUrl })), ['none'])
  })

  it('is what an admin says: for itself, for others, and of who asks', async () => {
    await register()
    assert.deepEqual(await refusalOf(register(admin, { owner: 'key:bob' })), ['none'])
    const { agent } = await register(eve, { slug: 'asks', lifecycle: 'pending' })
    assert.equal(agent.lifecycle, 'pending')
    const go = room.registry.update(eve, 'asks', { lifecycle: 'active' })
    assert.deepEqual(await refusalOf(go), ['conflict', '/lifecycle'])
    assert.equal((await room.registry.approve(admin, 'asks')).lifecycle, 'active')

    assert.deepEqual(await refusalOf(register(eve, { slug: 'asks', card: cardAt(HERE, { version: '2' }) })), [
      'none',
    ])
    await room.registry.createGrant(eve, 'asks', { to: { everyone: true }, right: 'invoke' })
  })

  it('is asked for when a card is replaced, a draft is let in, and an agent is given away', async () => {
    await register(ada)
    await register(ada, { slug: 'other' })
    await register(eve, { slug: 'mine', card: cardAt('https://eve.example') })
    await register(eve, { slug: 'draft', lifecycle: 'draft' })

    const replaced = room.registry.replace(eve, 'mine', { card: cardAt(HERE), cardPointer: '' })
    assert.deepEqual(await refusalOf(replaced), ['conflict', '/supportedInterfaces/0/url'])
    const letIn = room.registry.update(eve, 'draft', { lifecycle: 'active' })
    assert.deepEqual(await refusalOf(letIn), ['conflict', '/lifecycle'])
    const given = room.registry.update(ada, 'other', { owner: 'key:eve' })
    assert.deepEqual(await refusalOf(given), ['conflict', '/owner'])
    assert.equal((await room.registry.update(admin, 'other', { owner: 'key:eve' })).owner, 'key:eve')
  })

  it('is Parley’s own wherever Parley answers', async () => {
    const addresses = () => ({ http: 'https://gw.example/base', grpc: [{ url: 'gw.example:50051' }] })
    room = await openRegistry({ addresses })
    for (const url of ['https://gw.example/base', 'https://GW.example:443/base/agents']) {
      const own = refusalOf(register(ada, { card: cardAt(url) }))
      assert.deepEqual(await own, ['conflict', '/card/supportedInterfaces/0/url'], url)
    }
    assert.deepEqual(await refusalOf(register(ada, { card: cardAt('https://gw.example/other') })), ['none'])
    const pending = register(ada, {
      slug: 'asks',
      card: cardAt('https://gw.example/base'),
      lifecycle: 'pending',
    })
    assert.deepEqual(await refusalOf(pending), ['none'])
  })

  it('of many who ask at once is one owner’s', async () => {
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, n) => refusalOf(register(as(`key:${n}`), { card: cardText() }))),
    )

    assert.deepEqual(all.flat().filter((word) => word === 'none').length, 1)
  })
})
