import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { ParleyError } from '../errors.ts'
import type { Agent } from './agent.ts'
import { as, cardText, type OpenRegistry, openRegistry } from './open-registry.case.ts'

const ada = as('key:ada')
const eve = as('key:eve')

const codeOf = (refused: Promise<unknown>): Promise<string> =>
  refused.then(
    () => assert.fail('was not refused'),
    (reason: ParleyError) => reason.code,
  )

describe('replacing an agent', () => {
  let room: OpenRegistry
  let agent: Agent
  beforeEach(async () => {
    room = await openRegistry()
    const registered = await room.registry.register(ada, { card: cardText(), visibility: 'public' })
    agent = registered.agent
  })

  it('keeps its id, slug, owner and what is left open, whatever the new name', async () => {
    const card = cardText({ name: 'Another name' })
    const next = await room.registry.replace(ada, agent.slug, { card, redelivery: 'at-least-once' })

    assert.deepEqual(
      { ...next, card: agent.card },
      { ...agent, version: 2, originalCard: card, redelivery: 'at-least-once', cardVersion: 2 },
    )
    assert.deepEqual(await room.registry.find(agent.id), next)
    const [newest] = await room.registry.listCardVersions(ada, agent.id)
    assert.deepEqual([newest?.number, newest?.verdict], [2, 'text'])
    assert.equal(room.log.at(-1), 'updated echo-agent by key:ada')
  })

  it('is for those who may manage the agent, before anything is said of the card', async () => {
    assert.equal(await codeOf(room.registry.replace(eve, agent.id, { card: '{}' })), 'forbidden')
    assert.equal(await codeOf(room.registry.replace(eve, 'missing', { card: '{}' })), 'agent_not_found')
    assert.equal(await codeOf(room.registry.replace(ada, agent.id, { card: '{}' })), 'invalid_registration')
    assert.deepEqual(await room.registry.find(agent.id), agent)
  })

  it('refuses another slug or owner, and takes its own', async () => {
    const card = cardText()
    const moved = room.registry.replace(ada, agent.id, { card, slug: 'elsewhere', owner: 'key:eve' })

    await assert.rejects(moved, ({ violations }: ParleyError) => {
      assert.deepEqual(
        violations.map(({ pointer }) => pointer),
        ['/slug', '/owner'],
      )
      return true
    })
    const { slug, owner } = agent
    assert.equal((await room.registry.replace(ada, agent.id, { card, slug, owner })).version, 2)
  })

  it('changes only what is as the caller knows it', async () => {
    const isFirst = ({ version }: Agent) => version === 1
    await room.registry.replace(ada, agent.id, { card: cardText() }, isFirst)

    const { replace, update } = room.registry
    assert.equal(await codeOf(replace(ada, agent.id, { card: cardText() }, isFirst)), 'precondition_failed')
    assert.equal(
      await codeOf(update(ada, agent.id, { visibility: 'restricted' }, isFirst)),
      'precondition_failed',
    )
    assert.equal((await room.registry.find(agent.id))?.version, 2)
  })
})
