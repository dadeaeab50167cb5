import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agentId } from '../../a2a/ids.ts'
import type { Backend } from '../backend.ts'
import type { Cases } from './describe-backend.ts'
import { sampleAgent } from './sample-agent.ts'
import { sampleCredential } from './sample-credential.ts'

async function withAgents(backend: Backend, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const agent = sampleAgent({ id: agentId(id), slug: id })
    assert.deepEqual(await backend.agents.commit({ agent, expectedVersion: 0 }), { kind: 'committed' })
  }
}

export const credentialCases: Cases = ({ open }) => {
  it('returns the credentials of an agent as they were committed, by scheme', async (t) => {
    const backend = await open(t)
    await withAgents(backend, 'agent-1', 'agent-2')
    const token = sampleCredential({ scheme: 'oauth', tokenEndpoint: 'https://id.example/token' })
    const key = sampleCredential({ scheme: 'a key/ä' })
    const other = sampleCredential({ agentId: 'agent-2' })

    for (const credential of [token, key, other]) {
      assert.equal(await backend.credentials.commit({ credential, expectedVersion: 0 }), true)
    }

    assert.deepEqual(await backend.credentials.listOf('agent-1'), [key, token])
    assert.deepEqual(await backend.credentials.listOf('agent-2'), [other])
    assert.deepEqual(await backend.credentials.listOf('missing'), [])
  })

  it('refuses a commit made from a stale read, and one for an agent that is not there', async (t) => {
    const backend = await open(t)
    await withAgents(backend, 'agent-1')
    const { credentials } = backend
    const credential = sampleCredential()
    const next = { ...credential, sealed: 'v1.other', version: 2 }

    assert.equal(await credentials.commit({ credential, expectedVersion: 1 }), false)
    assert.equal(await credentials.commit({ credential, expectedVersion: 0 }), true)
    assert.equal(await credentials.commit({ credential, expectedVersion: 0 }), false)
    assert.equal(await credentials.commit({ credential: next, expectedVersion: 1 }), true)
    assert.equal(await credentials.commit({ credential, expectedVersion: 1, removed: true }), false)
    assert.deepEqual(await credentials.listOf('agent-1'), [next])
    const stray = sampleCredential({ agentId: 'missing' })
    assert.equal(await credentials.commit({ credential: stray, expectedVersion: 0 }), false)
  })

  it('forgets a credential that is removed, and may get it anew', async (t) => {
    const backend = await open(t)
    await withAgents(backend, 'agent-1')
    const credential = sampleCredential()
    await backend.credentials.commit({ credential, expectedVersion: 0 })

    assert.equal(await backend.credentials.commit({ credential, expectedVersion: 1, removed: true }), true)

    assert.deepEqual(await backend.credentials.listOf('agent-1'), [])
    assert.equal(await backend.credentials.commit({ credential, expectedVersion: 0 }), true)
  })

  it('keeps the credentials of an agent that is removed until they are forgotten, and takes none then', async (t) => {
    const backend = await open(t)
    await withAgents(backend, 'agent-1', 'agent-2')
    const kept = sampleCredential({ agentId: 'agent-2' })
    for (const credential of [sampleCredential(), sampleCredential({ scheme: 'b' }), kept]) {
      await backend.credentials.commit({ credential, expectedVersion: 0 })
    }
    const agent = await backend.agents.find(agentId('agent-1'))
    assert.ok(agent)

    await backend.agents.commit({ agent: { ...agent, version: 2 }, expectedVersion: 1 })
    assert.equal((await backend.credentials.listOf('agent-1')).length, 2)
    await backend.agents.commit({ agent: { ...agent, version: 3 }, expectedVersion: 2, removed: true })

    const [first] = await backend.credentials.listOf('agent-1')
    assert.ok(first)
    const resealed = { credential: { ...first, version: 2 }, expectedVersion: 1 }
    assert.equal(await backend.credentials.commit(resealed), true)
    await backend.agents.forget(agentId('agent-1'))
    await backend.agents.forget(agentId('agent-2'))

    assert.deepEqual(await backend.credentials.list(10), [kept])
    const late = sampleCredential()
    assert.equal(await backend.credentials.commit({ credential: late, expectedVersion: 0 }), false)
  })

  it('lists those of all agents in pages by agent and scheme', async (t) => {
    const backend = await open(t)
    await withAgents(backend, 'agent-1', 'agent-2')
    const all = ['agent-1', 'agent-2'].flatMap((id) =>
      ['a', 'b', 'c'].map((scheme) => sampleCredential({ agentId: id, scheme })),
    )
    for (const credential of all.toReversed()) {
      await backend.credentials.commit({ credential, expectedVersion: 0 })
    }

    const first = await backend.credentials.list(2)
    const second = await backend.credentials.list(2, first.at(-1))
    const third = await backend.credentials.list(10, second.at(-1))

    assert.deepEqual([first, second, third], [all.slice(0, 2), all.slice(2, 4), all.slice(4)])
  })
}
