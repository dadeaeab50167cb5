import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Agent } from '../../registry/agent.ts'
import type { AgentCommit } from '../../registry/agent-store.ts'
import type { Backend } from '../backend.ts'
import type { Cases } from './describe-backend.ts'
import { sampleAgent, sampleCard } from './sample-agent.ts'

const HERE = 'https://agent.example/a2a'
const THERE = 'https://agent.example:8443/b'
const GRPC = 'grpc://agent.example:50051'

const cardAt = (...urls: readonly string[]): string =>
  JSON.stringify({
    ...JSON.parse(sampleCard({})),
    supportedInterfaces: urls.map((url) => ({
      url,
      protocolBinding: /^(?:grpc|agent)/.test(url) ? 'GRPC' : 'JSONRPC',
      protocolVersion: '1.0',
    })),
  })

const agentAt = (owner: string, urls: readonly string[], changes: Partial<Agent> = {}): Agent =>
  sampleAgent({ owner, card: cardAt(...urls), ...changes })

const commit = async (backend: Backend, agent: Agent, more: Partial<AgentCommit> = {}): Promise<unknown> => {
  const result = await backend.agents.commit({ agent, expectedVersion: agent.version - 1, ...more })
  return result.kind === 'address_taken' ? [...result.addresses].sort() : result.kind
}

const next = (agent: Agent, changes: Partial<Agent>): Agent => ({
  ...agent,
  ...changes,
  version: agent.version + 1,
})

export const claimCases: Cases = ({ open, openAt, newPlace }) => {
  it('gives an address to the agents of one owner of a tenant, however it is spelt', async (t) => {
    const backend = await open(t)
    const first = agentAt('key:alice', [HERE, GRPC])

    assert.equal(await commit(backend, first), 'committed')
    const rival = agentAt('key:bob', ['https://AGENT.example:443/a2a/?x=1', THERE, 'agent.example:50051'])
    assert.deepEqual(await commit(backend, rival), [GRPC, HERE])
    assert.equal(await backend.agents.find(rival.id), undefined)
    assert.equal(await commit(backend, agentAt('key:bob', [THERE])), 'committed')
    assert.equal(await commit(backend, agentAt('key:alice', [HERE])), 'committed')
    assert.equal(await commit(backend, agentAt('key:bob', [HERE], { tenant: 'other' })), 'committed')
  })

  it('lets who shows that an address is theirs, or whom an admin lets, have it too', async (t) => {
    const backend = await open(t)
    await commit(backend, agentAt('key:alice', [HERE, THERE]))

    const shown = agentAt('key:bob', [HERE], { cardOrigin: 'https://agent.example' })
    assert.equal(await commit(backend, shown), 'committed')
    const half = agentAt('key:bob', [HERE, THERE], { cardOrigin: 'https://agent.example' })
    assert.deepEqual(await commit(backend, half), [THERE])
    assert.equal(await commit(backend, agentAt('key:eve', [HERE]), { sharesAddresses: true }), 'committed')
  })

  it('does not ask again for what an agent was let in with, but for what is new to it or to its owner', async (t) => {
    const backend = await open(t)
    await commit(backend, agentAt('key:alice', [HERE, THERE]))
    const shared = agentAt('key:bob', [HERE])
    await commit(backend, shared, { sharesAddresses: true })

    const hidden = next(shared, { visibility: 'restricted' })
    assert.equal(await commit(backend, hidden), 'committed')
    assert.deepEqual(await commit(backend, next(hidden, { card: cardAt(HERE, THERE) })), [THERE])
    assert.deepEqual(await commit(backend, next(hidden, { owner: 'key:carol' })), [HERE])
    assert.equal(await commit(backend, next(hidden, { owner: 'key:alice' })), 'committed')
  })

  it('asks when an agent is let in, and takes addresses back with a card and with the agent', async (t) => {
    const backend = await open(t)
    const first = agentAt('key:alice', [HERE, THERE])
    await commit(backend, first)
    for (const lifecycle of ['draft', 'pending'] as const) {
      const waiting = agentAt('key:bob', [HERE], { lifecycle })
      assert.equal(await commit(backend, waiting), 'committed')
      assert.deepEqual(await commit(backend, next(waiting, { lifecycle: 'active' })), [HERE])
    }
    const unclaimed = agentAt('key:bob', ['https://free.example/'], { lifecycle: 'draft' })
    await commit(backend, unclaimed)
    assert.equal(await commit(backend, agentAt('key:carol', ['https://free.example/'])), 'committed')

    const moved = next(first, { card: cardAt(THERE) })
    assert.equal(await commit(backend, moved), 'committed')
    const [here, there] = [agentAt('key:bob', [HERE]), agentAt('key:bob', [THERE])]
    assert.equal(await commit(backend, here), 'committed')
    assert.deepEqual(await commit(backend, there), [THERE])
    assert.equal(await commit(backend, next(moved, {}), { removed: true }), 'committed')
    assert.equal(await commit(backend, there), 'committed')
  })

  it('has one winner of owners who claim an address at once, in one process and in two', async (t) => {
    const place = newPlace()
    const here = await openAt(t, place)
    const there = here.capabilities.sharedByProcesses ? await openAt(t, place) : here
    for (let round = 0; round < 5; round++) {
      const url = `https://race-${round}.example/`

      const results = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          commit(n % 2 === 0 ? here : there, agentAt(`key:owner-${n}`, [url])),
        ),
      )

      const lost = results.filter((result) => result !== 'committed')
      assert.equal(lost.length, 9)
      for (const result of lost) assert.deepEqual(result, [`https://race-${round}.example`])
    }
  })
}
