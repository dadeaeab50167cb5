import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { ParleyError } from '../../errors.ts'
import type { Agent } from '../agent.ts'
import { as, cardText, cardValue } from '../open-registry.case.ts'
import { cardCheckDueAt } from './card-check-due.ts'
import { ada, CARD_URL, type OpenDrift, openDrift } from './open-drift.case.ts'

const eve = as('key:eve')
const bob = as('key:bob', { tenant: 'other' })
const renamed = cardText({ name: 'Another name' })
const removed = cardText({ skills: [{ ...cardValue.skills[0], id: 'other' }] })

const codeOf = (refused: Promise<unknown>): Promise<string> =>
  refused.then(
    () => assert.fail('was not refused'),
    (reason: ParleyError) => reason.code,
  )

describe('a card that waits to become that of its agent', () => {
  let drift: OpenDrift
  let agent: Agent
  const seen = async (card: string) => {
    drift.serve(card)
    return (await drift.check(agent)).outcome
  }
  beforeEach(async () => {
    drift = await openDrift()
    agent = await drift.register({ visibility: 'public' })
    await seen(removed)
  })

  it('is told of to who may manage the agent, with what it would change', async () => {
    const { proposal, changes } = await drift.waiting(agent)

    assert.deepEqual([proposal.originalCard, proposal.cardUrl], [removed, CARD_URL])
    assert.deepEqual(
      changes.map(({ kind, pointer }) => [kind, pointer]),
      [
        ['breaking', '/skills/0'],
        ['text', '/skills/0'],
      ],
    )
    for (const ask of [
      (call: typeof ada) => drift.registry.findProposal(call, agent.slug),
      (call: typeof ada) => drift.registry.acceptProposal(call, agent.id),
      (call: typeof ada) => drift.registry.rejectProposal(call, agent.id, {}),
    ]) {
      assert.deepEqual([await codeOf(ask(eve)), await codeOf(ask(bob))], ['forbidden', 'agent_not_found'])
    }
  })

  it('becomes the next version of the card, by who accepts it', async () => {
    const accepted = await drift.registry.acceptProposal(ada, agent.id)

    assert.deepEqual(
      [accepted.originalCard, accepted.cardVersion, accepted.proposal, accepted.version],
      [removed, 2, undefined, 3],
    )
    assert.deepEqual(await drift.now(agent), accepted)
    const [newest] = await drift.registry.listCardVersions(ada, agent.id)
    assert.deepEqual([newest?.by, newest?.verdict], ['key:ada', 'breaking'])
    assert.equal(await codeOf(drift.registry.acceptProposal(ada, agent.id)), 'conflict')
    assert.equal(await seen(removed), 'ok')
    assert.equal(drift.asked.at(-1)?.etag, `"${removed}"`)
  })

  it('does not wait again once it was rejected, until its publisher has changed it', async () => {
    const rejected = await drift.registry.rejectProposal(ada, agent.id, { reason: 'Not ours' })

    assert.deepEqual([rejected.originalCard, rejected.proposal], [agent.originalCard, undefined])
    assert.equal(rejected.updatedAt, agent.updatedAt)
    const written = drift.commits()
    assert.equal(await seen(removed), 'ok')
    assert.equal(await seen(removed.replace(':', ' : ')), 'ok', 'written otherwise, it says the same')
    assert.equal(drift.commits(), written)
    assert.equal(await seen(renamed), 'card-drift')
    assert.equal(await seen(removed), 'card-drift')
    await drift.registry.rejectProposal(ada, agent.id, {})
    assert.equal(await seen(cardText()), 'ok')
    assert.equal(await seen(removed), 'card-drift')
  })

  it('is decided on only as the caller knows it', async () => {
    const { agent: known } = await drift.waiting(agent)
    const asKnown = ({ version }: Agent) => version === known.version
    await seen(renamed)
    for (const decide of [
      () => drift.registry.acceptProposal(ada, agent.id, asKnown),
      () => drift.registry.rejectProposal(ada, agent.id, {}, asKnown),
    ]) {
      assert.equal(await codeOf(decide()), 'precondition_failed')
    }
    assert.equal((await drift.waiting(agent)).proposal.originalCard, renamed)
  })

  it('is not accepted for another that takes its place meanwhile', async () => {
    let meanwhile: (() => Promise<unknown>) | undefined
    drift = await openDrift({
      wrap: (agents) => ({
        ...agents,
        async commit(commit) {
          const change = meanwhile
          meanwhile = undefined
          await change?.()
          return agents.commit(commit)
        },
      }),
    })
    agent = await drift.register()
    for (const decide of [
      () => drift.registry.acceptProposal(ada, agent.id),
      () => drift.registry.rejectProposal(ada, agent.id, {}),
    ]) {
      await seen(removed)
      meanwhile = () => seen(renamed)
      assert.equal(await codeOf(decide()), 'conflict')
      assert.equal((await drift.waiting(agent)).proposal.originalCard, renamed)
    }
  })

  it('goes when the owner registers a card', async () => {
    await drift.registry.replace(ada, agent.id, { card: cardText({ version: '9' }), slug: agent.slug })

    assert.equal((await drift.now(agent)).proposal, undefined)
    assert.equal(await drift.agents.findProposal(agent.id), undefined)
    drift.serve(cardText())
    agent = await drift.register({ slug: agent.slug })
    await seen(removed)
    drift.serve(renamed)
    const again = await drift.register({ slug: agent.slug })
    assert.deepEqual([again.originalCard, again.proposal], [renamed, undefined])
    assert.equal(await drift.agents.findProposal(agent.id), undefined)
  })

  it('changes nothing that those see who may not manage the agent', async () => {
    const { id } = agent
    assert.equal((await drift.registry.get(eve, id, 'discover')).updatedAt, agent.updatedAt)
    const facts = { text: 'other', limit: 10 }
    assert.equal((await drift.registry.search(eve, facts)).total, 0)
  })
})

describe('when a card is looked at', () => {
  const agent = { cardUrl: CARD_URL, lifecycle: 'active', createdAt: 1000 } as const
  const checks = [{ kind: 'card', outcome: 'ok', at: 5000 }] as const

  it('is as often as it is set, after the last time', () => {
    assert.equal(cardCheckDueAt(agent, undefined, 100), 1100)
    assert.equal(cardCheckDueAt(agent, { checks: [] }, 100), 1100)
    assert.equal(cardCheckDueAt(agent, { checks }, 100), 5100)
  })

  it('is never for an agent without a URL, for one that is disabled, and where it is turned off', () => {
    const { cardUrl: _, ...byCard } = agent
    assert.equal(cardCheckDueAt(byCard, undefined, 100), undefined)
    assert.equal(cardCheckDueAt({ ...agent, lifecycle: 'disabled' }, undefined, 100), undefined)
    assert.equal(cardCheckDueAt(agent, { checks }, 0), undefined)
  })
})
