import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ANONYMOUS } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { ExtendedCardSource } from './extended-card-source.ts'
import { as, callBy, cardText, openRegistry } from './open-registry.case.ts'

const ada = as('key:ada')
const bob = as('key:bob')

const DECLARED = cardText({ capabilities: { extendedAgentCard: true } })
const MORE = cardText({
  description: 'Echoes, and more',
  'x-secret': 1,
  capabilities: { extendedAgentCard: true, extensions: [] },
  url: 'https://agent.example/',
})

/** A registry whose agents answer `answer`, and how often they were asked. */
async function open(answer?: ExtendedCardSource['fetchExtendedCard'], card = DECLARED) {
  let asked = 0
  const extendedCards: ExtendedCardSource = {
    async fetchExtendedCard(agent, call) {
      asked++
      return answer === undefined ? MORE : answer(agent, call)
    },
  }
  const room = await openRegistry({ extendedCards })
  const { agent } = await room.registry.register(ada, { card, slug: 'echo' })
  return { ...room, agent, asked: () => asked }
}

describe('an extended card', () => {
  it('is published as the card is: exactly 1.0, with our addresses, signed', async () => {
    const { registry, agent } = await open()
    const card = JSON.parse(await registry.extendedCard(ada, 'echo'))
    const plain = JSON.parse((await registry.publishedCard(agent, 'v1')).text)

    assert.equal(card.description, 'Echoes, and more')
    assert.ok(card.signatures.length > 0)
    assert.deepEqual(
      { ...card, description: plain.description, signatures: plain.signatures },
      plain,
      'nothing else differs',
    )
    assert.equal(plain.capabilities.extendedAgentCard, true)
  })

  it('is asked for once a minute for each caller', async () => {
    const { registry, asked, clock } = await open()
    await registry.extendedCard(ada, 'echo')
    await registry.extendedCard(ada, 'echo')
    assert.equal(asked(), 1)
    await registry.extendedCard(bob, 'echo')
    await registry.extendedCard(as('key:ada', { scopes: new Set(['agents:read']) }), 'echo')
    assert.equal(asked(), 2)
    clock.now += 60_000
    await registry.extendedCard(ada, 'echo')
    assert.equal(asked(), 3)
    await registry.register(ada, { card: DECLARED, slug: 'echo' })
    await registry.extendedCard(ada, 'echo')
    assert.equal(asked(), 4)
  })

  it('is never shown to anonymous callers, and hidden as the agent is', async () => {
    const { registry, agent, asked } = await open()
    await registry.register(ada, { card: DECLARED, slug: 'mine', visibility: 'restricted' })

    for (const ref of [agent.id, 'never']) {
      await assert.rejects(registry.extendedCard(callBy(ANONYMOUS), ref), { code: 'unauthenticated' })
    }
    for (const ref of ['mine', 'never']) {
      await assert.rejects(registry.extendedCard(bob, ref), { code: 'agent_not_found' })
    }
    await assert.rejects(registry.extendedCard(as('key:ada', { scopes: new Set() }), 'echo'), {
      code: 'forbidden',
    })
    assert.equal(asked(), 0)
  })

  it('is unsupported where the agent declares none', async () => {
    const { registry, asked } = await open(undefined, cardText())

    await assert.rejects(registry.extendedCard(ada, 'echo'), { code: 'unsupported_operation' })
    assert.equal(asked(), 0)
  })

  it('is not configured where the agent gives none after all, and is asked for again', async () => {
    const { registry, asked } = await open(() =>
      Promise.reject(new ParleyError('extended_agent_card_not_configured', 'None')),
    )
    for (const times of [1, 2]) {
      await assert.rejects(registry.extendedCard(ada, 'echo'), { code: 'extended_agent_card_not_configured' })
      assert.equal(asked(), times)
    }
    const without = await openRegistry()
    await without.registry.register(ada, { card: DECLARED, slug: 'echo' })
    await assert.rejects(without.registry.extendedCard(ada, 'echo'), {
      code: 'extended_agent_card_not_configured',
    })
  })

  it('is judged as a card of a registration is', async () => {
    for (const answer of ['', '[]', '{}', cardText({ name: '' }), cardText({ skills: 7 })]) {
      const { registry } = await open(async () => answer)
      await assert.rejects(registry.extendedCard(ada, 'echo'), { code: 'invalid_agent_response' }, answer)
    }
  })
})
