import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agentId } from '../../a2a/ids.ts'
import type { CardProposal } from '../../registry/drift/card-proposal.ts'
import type { Cases } from './describe-backend.ts'
import { sampleAgent } from './sample-agent.ts'
import { T0 } from './sample-task.ts'

const COMMITTED = { kind: 'committed' }

export const proposalCases: Cases = ({ open }) => {
  it('keeps the one card that is proposed for an agent, until another is or none', async (t) => {
    const { agents } = await open(t)
    const agent = sampleAgent()
    const first: CardProposal = {
      agentId: agent.id,
      at: T0,
      cardUrl: 'https://agent.example/card',
      cardOrigin: 'https://agent.example',
      validators: { from: 'https://agent.example/card', etag: 'W/"1"' },
      originalCard: '{ "name" :"\u00dc", "n": 1.0 }',
      signatures: [{ status: 'untrusted', keyId: 'k' }],
      verdict: 'breaking',
    }
    const { validators: _, ...second }: CardProposal = { ...first, originalCard: '{}', verdict: 'text' }
    const commit = (version: number, proposal?: CardProposal | 'none') =>
      agents.commit({
        agent: { ...agent, version },
        expectedVersion: version - 1,
        ...(proposal && { proposal }),
      })

    assert.deepEqual(await commit(1), COMMITTED)
    assert.equal(await agents.findProposal(agent.id), undefined)
    assert.deepEqual(await commit(2, first), COMMITTED)
    assert.deepEqual(await agents.findProposal(agent.id), first)
    assert.deepEqual(await commit(2, second), { kind: 'conflict' })
    assert.deepEqual(await commit(3), COMMITTED)
    assert.deepEqual(await agents.findProposal(agent.id), first)
    assert.deepEqual(await commit(4, second), COMMITTED)
    assert.deepEqual(await agents.findProposal(agent.id), second)
    assert.deepEqual(await commit(5, 'none'), COMMITTED)
    assert.equal(await agents.findProposal(agent.id), undefined)
    assert.equal(await agents.findProposal(agentId('missing')), undefined)
  })

  it('forgets what is proposed together with the agent, and no other', async (t) => {
    const { agents } = await open(t)
    const [gone, kept] = [sampleAgent(), sampleAgent()]
    const proposalOf = ({ id }: typeof gone): CardProposal => ({
      agentId: id,
      at: T0,
      cardUrl: 'https://agent.example/card',
      cardOrigin: 'https://agent.example',
      originalCard: '{}',
      signatures: [],
      verdict: 'text',
    })
    for (const agent of [gone, kept]) {
      await agents.commit({ agent, expectedVersion: 0, proposal: proposalOf(agent) })
    }
    await agents.commit({ agent: { ...gone, version: 2 }, expectedVersion: 1, removed: true })

    assert.equal(await agents.findProposal(gone.id), undefined)
    assert.deepEqual(await agents.findProposal(kept.id), proposalOf(kept))
  })
}
