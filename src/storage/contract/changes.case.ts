import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Agent } from '../../registry/agent.ts'
import { agentChange } from '../../registry/changes/agent-change.ts'
import type { Change } from '../../registry/changes/change.ts'
import type { ChangeStore, PlacedChange } from '../../registry/changes/change-store.ts'
import type { Backend } from '../backend.ts'
import type { Cases } from './describe-backend.ts'
import { sampleAgent } from './sample-agent.ts'
import { T0 } from './sample-task.ts'

const HOUR_MS = 3_600_000

/** Registers an agent, or commits its next version, and answers what the feed was told of it. */
async function commit(
  { agents }: Pick<Backend, 'agents'>,
  agent: Agent,
  facts: { readonly at?: number; readonly removed?: true } = {},
): Promise<Change> {
  const { at = T0, ...more } = facts
  const before = { ...agent, version: agent.version - 1 }
  const change = agentChange({ before, after: agent, ...more }, at)
  const result = await agents.commit({
    agent,
    expectedVersion: agent.version - 1,
    changes: [change],
    ...more,
  })
  assert.equal(result.kind, 'committed')
  return change
}

async function listed(
  store: ChangeStore,
  after?: string,
  tenant = 'default',
): Promise<readonly PlacedChange[]> {
  const page = await store.list(tenant, 1000, after)
  assert.ok(page !== 'pruned', 'nothing was pruned')
  return page
}

const changesOf = (placed: readonly PlacedChange[]) => placed.map(({ change }) => change)

export const changeCases: Cases = ({ open, openAt, newPlace }) => {
  it('tells each tenant what was committed, oldest first, and goes on from any place', async (t) => {
    const backend = await open(t)
    const agent = sampleAgent()
    const made = [
      await commit(backend, agent),
      await commit(backend, { ...agent, version: 2 }),
      await commit(backend, sampleAgent()),
    ]
    const elsewhere = await commit(backend, sampleAgent({ tenant: 'other' }))
    made.push(await commit(backend, { ...agent, version: 3 }, { removed: true }))

    const all = await listed(backend.changes)
    assert.deepEqual(changesOf(all), made)
    assert.deepEqual(changesOf(await listed(backend.changes, undefined, 'other')), [elsewhere])
    for (const [index, { position }] of all.entries()) {
      assert.deepEqual(await listed(backend.changes, position), all.slice(index + 1))
    }
    assert.deepEqual(await backend.changes.list('default', 2), all.slice(0, 2))
    assert.deepEqual(await listed(backend.changes, undefined, 'nobody'), [])
  })

  it('has an end behind what is there and before what comes', async (t) => {
    const backend = await open(t)
    const empty = await backend.changes.end('default')
    const first = await commit(backend, sampleAgent())
    const end = await backend.changes.end('default')
    const second = await commit(backend, sampleAgent())

    assert.deepEqual(changesOf(await listed(backend.changes, empty)), [first, second])
    assert.deepEqual(changesOf(await listed(backend.changes, end)), [second])
    const before = (await listed(backend.changes)).map(({ position }) =>
      backend.changes.isBefore(position, end),
    )
    assert.deepEqual(before, [true, false])
  })

  it('is told nothing of a commit that is refused', async (t) => {
    const backend = await open(t)
    const agent = sampleAgent()
    const change = await commit(backend, agent)
    const stale = { agent, expectedVersion: 7, changes: [{ ...change, id: 'stale' }] }

    assert.equal((await backend.agents.commit(stale)).kind, 'conflict')

    assert.deepEqual(changesOf(await listed(backend.changes)), [change])
  })

  it('knows how agents went that are gone', async (t) => {
    const backend = await open(t)
    const [gone, here, elsewhere] = [sampleAgent(), sampleAgent(), sampleAgent({ tenant: 'other' })]
    for (const agent of [gone, here, elsewhere]) await commit(backend, agent)
    const removal = await commit(backend, { ...gone, version: 2 }, { removed: true })
    await commit(backend, { ...elsewhere, version: 2 }, { removed: true })
    const ids = [here.id, gone.id, elsewhere.id, 'never']

    assert.deepEqual(await backend.changes.findUnregistered('default', ids), [removal])
  })

  it('is pruned from the oldest on, and says so to who reads on from there', async (t) => {
    const backend = await open(t)
    const { changes } = backend
    const start = await changes.end('default')
    const old = sampleAgent()
    await commit(backend, old)
    await commit(backend, { ...old, version: 2 }, { removed: true })
    await commit(backend, sampleAgent({ tenant: 'other' }))
    await commit(backend, sampleAgent(), { at: T0 + HOUR_MS })
    const [first, second, third] = await listed(changes)
    assert.ok(first !== undefined && second !== undefined && third !== undefined)

    assert.equal(await changes.prune(T0, 10), 0)
    assert.equal(await changes.prune(T0 + 1, 1), 1)
    assert.deepEqual(await listed(changes), [second, third])
    assert.equal(await changes.prune(T0 + 1, 10), 2)
    assert.equal(await changes.prune(T0 + 1, 10), 0)

    assert.deepEqual(await listed(changes), [third])
    assert.deepEqual(await listed(changes, second.position), [third])
    assert.equal(await changes.list('default', 10, first.position), 'pruned')
    assert.equal(await changes.list('default', 10, start), 'pruned')
    assert.deepEqual(await changes.findUnregistered('default', [old.id]), [])
    assert.deepEqual(await listed(changes, undefined, 'other'), [])
    assert.equal(await changes.prune(T0 + 2 * HOUR_MS, 10), 1)
    assert.deepEqual(await listed(changes, third.position), [])
    assert.equal(await changes.end('default'), third.position)
  })

  it('misses nothing for who reads on while several processes write', async (t) => {
    const place = newPlace()
    const one = await openAt(t, place)
    const writers = one.capabilities.sharedByProcesses ? [one, await openAt(t, place)] : [one]
    const seen: string[] = []
    let after: string | undefined
    const read = async () => {
      const page = await listed(one.changes, after)
      seen.push(...changesOf(page).map(({ id }) => id))
      after = page.at(-1)?.position ?? after
    }

    const made: string[] = []
    for (let round = 0; round < 20; round++) {
      const writing = writers.flatMap((backend) =>
        Array.from({ length: 5 }, async () => made.push((await commit(backend, sampleAgent())).id)),
      )
      await Promise.all([read().then(read), ...writing])
    }
    await read()

    assert.deepEqual(seen.toSorted(), made.toSorted())
  })
}
