import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type AgentId, agentId } from '../../a2a/ids.ts'
import type { ListingPage } from '../../registry/agent-store.ts'
import type { Check } from '../../registry/health/agent-health.ts'
import type { HealthBucket } from '../../registry/health/health-store.ts'
import { HEALTH_ORDER } from '../../registry/health/listed-health.ts'
import type { AgentListing } from '../../registry/search/listing.ts'
import { AGENT_WORK, type NewWork } from '../../work/work.ts'
import type { Backend } from '../backend.ts'
import type { Cases } from './describe-backend.ts'
import { sampleAgent } from './sample-agent.ts'
import { HOUR, healthCommit, sampleBucket, sampleCheck, sampleHealth } from './sample-health.ts'
import { sampleWork, T0 } from './sample-task.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const DAY = HOUR - (HOUR % DAY_MS)

const newAgent = async ({ agents }: Backend): Promise<AgentId> => {
  const agent = sampleAgent()
  assert.deepEqual(await agents.commit({ agent, expectedVersion: 0 }), { kind: 'committed' })
  return agent.id
}

const workOf = (key: string): readonly NewWork[] =>
  AGENT_WORK.map((kind) => sampleWork(key, { kind, lane: kind }))

const leasedOf = async ({ work }: Backend): Promise<readonly string[]> => {
  const leased = await work.lease({ kinds: AGENT_WORK, limit: 10, now: T0, leaseMs: 1000, busyLanes: [] })
  return leased.map(({ kind, key }) => `${kind} ${key}`).sort()
}

export const healthCases: Cases = ({ open, openAt, newPlace }) => {
  it('finds what was committed, of one agent and of many', async (t) => {
    const backend = await open(t)
    const [one, two, none] = [await newAgent(backend), await newAgent(backend), await newAgent(backend)]
    const [first, second] = [sampleHealth(one), sampleHealth(two, { state: 'up' })]
    assert.equal(await backend.health.find(one), undefined)

    assert.equal(await backend.health.commit(healthCommit(first)), 'committed')
    assert.equal(await backend.health.commit(healthCommit(second)), 'committed')

    assert.deepEqual(await backend.health.find(one), first)
    assert.deepEqual(await backend.health.findAll([two, none, agentId('missing'), one]), [second, first])
    assert.deepEqual(await backend.health.findAll([]), [])
  })

  it('refuses what was made from a stale read, and all that comes with it', async (t) => {
    const backend = await open(t)
    const id = await newAgent(backend)
    const health = sampleHealth(id)
    const more = { checks: [sampleCheck()], buckets: [sampleBucket()], work: workOf(id) }
    await backend.health.commit(healthCommit(health))

    assert.equal(await backend.health.commit(healthCommit({ ...health, state: 'up' }, more)), 'conflict')

    assert.deepEqual(await backend.health.find(id), health)
    assert.deepEqual(await backend.health.listChecks(id, 10), [])
    assert.deepEqual(await backend.health.listBuckets(id, 'hour', 0), [])
    assert.deepEqual(await leasedOf(backend), [])
    const next = { ...health, version: 2, state: 'up' } as const
    assert.equal(await backend.health.commit(healthCommit(next, more)), 'committed')
    assert.deepEqual(await backend.health.listChecks(id, 10), more.checks)
    assert.deepEqual(await backend.health.listBuckets(id, 'hour', 0), more.buckets)
    assert.deepEqual(await leasedOf(backend), [`alert ${id}`, `probe ${id}`])
  })

  it('lets one of many that come at once win', async (t) => {
    const backend = await open(t)
    const id = await newAgent(backend)

    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        backend.health.commit(healthCommit(sampleHealth(id, { since: T0 + n }))),
      ),
    )

    assert.deepEqual(results.toSorted(), ['committed', ...Array(19).fill('conflict')])
  })

  it('refuses a commit of a worker that lost its lease', async (t) => {
    const backend = await open(t)
    const id = await newAgent(backend)
    const claim = { token: 'mine', until: T0 + 1000 }
    await backend.work.put([sampleWork(id, { kind: 'probe', lane: 'probe', claim })])
    const fence = { kind: 'probe', key: id, token: 'mine' } as const

    const stolen = healthCommit(sampleHealth(id), { fence: { ...fence, token: 'another' } })
    assert.equal(await backend.health.commit(stolen), 'fenced')
    assert.equal(await backend.health.find(id), undefined)
    assert.equal(await backend.health.commit(healthCommit(sampleHealth(id), { fence })), 'committed')
  })

  it('has nothing of an agent that there is not', async (t) => {
    const { health } = await open(t)
    const id = agentId('missing')

    const commit = healthCommit(sampleHealth(id), { work: workOf(id), checks: [sampleCheck()] })
    assert.equal(await health.commit(commit), 'gone')

    assert.equal(await health.find(id), undefined)
    assert.deepEqual(await health.listChecks(id, 10), [])
    assert.deepEqual(await health.listBuckets(id, 'day', 0), [])
    await health.compact(id, { checksBefore: T0, hoursBefore: T0, daysBefore: T0 })
  })

  it('puts work with an agent, and forgets it and its health with the agent', async (t) => {
    const backend = await open(t)
    const agent = sampleAgent()
    const { id } = agent
    await backend.agents.commit({ agent, expectedVersion: 0, work: workOf(id) })
    await backend.health.commit(
      healthCommit(sampleHealth(id), { checks: [sampleCheck()], buckets: [sampleBucket()] }),
    )
    const stale = { agent, expectedVersion: 7, work: workOf('other') }
    assert.deepEqual(await backend.agents.commit(stale), { kind: 'conflict' })
    assert.deepEqual(await leasedOf(backend), [`alert ${id}`, `probe ${id}`])
    const others = [sampleWork('other', { kind: 'probe' }), sampleWork(id, { lane: 'of its own' })]
    await backend.work.put([...workOf(id), ...others])

    const removal = { agent: { ...agent, version: 2 }, expectedVersion: 1, removed: true }
    assert.deepEqual(await backend.agents.commit(removal), { kind: 'committed' })

    assert.equal(await backend.health.find(id), undefined)
    assert.deepEqual(await backend.health.listChecks(id, 10), [])
    assert.deepEqual(await backend.health.listBuckets(id, 'hour', 0), [])
    assert.deepEqual(await leasedOf(backend), ['probe other'])
    assert.equal(await backend.work.nextDueAt(['send'], T0), others[1]?.dueAt)
    assert.equal(await backend.health.commit(healthCommit(sampleHealth(id, { version: 2 }))), 'gone')
  })

  it('lists checks from the newest on, page by page', async (t) => {
    const backend = await open(t)
    const id = await newAgent(backend)
    const other = await newAgent(backend)
    const at = (ms: number, changes: Partial<Check> = {}) => sampleCheck({ at: T0 + ms, ...changes })
    const { url: _, ...card } = at(1, { kind: 'card' })
    const replaced = at(2, { outcome: 'dns' })
    await backend.health.commit(
      healthCommit(sampleHealth(other), { checks: [at(1, { url: 'https://other.example' })] }),
    )
    const first = healthCommit(sampleHealth(id), { checks: [at(3), at(1), replaced, card] })
    assert.equal(await backend.health.commit(first), 'committed')
    const later = [at(2), at(2, { url: 'https://agent.example/b' })]
    await backend.health.commit(healthCommit(sampleHealth(id, { version: 2 }), { checks: later }))

    const expected = [at(3), at(2, { url: 'https://agent.example/b' }), at(2), at(1), card]
    assert.deepEqual(await backend.health.listChecks(id, 10), expected)
    assert.deepEqual(
      [await backend.health.countChecks(id, 10), await backend.health.countChecks(id, 3)],
      [5, 3],
    )
    for (const limit of [1, 2, 3]) {
      const paged: Check[] = []
      let last: Check | undefined
      do {
        const page = await backend.health.listChecks(id, limit, last)
        paged.push(...page)
        last = page.length < limit ? undefined : page.at(-1)
      } while (last !== undefined)
      assert.deepEqual(paged, expected)
    }
  })

  it('adds up what happened in one hour, whenever that is told', async (t) => {
    const backend = await open(t)
    const id = await newAgent(backend)
    const later = sampleBucket({ from: HOUR + HOUR_MS, ms: { unknown: 7 }, checks: 0, failures: 0 })
    await backend.health.commit(
      healthCommit(sampleHealth(id), { buckets: [later, sampleBucket(), sampleBucket({ ms: { up: 1 } })] }),
    )
    const more = sampleBucket({
      ms: { degraded: 5, down: 1 },
      latencies: { count: 1, sumMs: 100, maxMs: 100 },
    })
    await backend.health.commit(
      healthCommit(sampleHealth(id, { version: 2 }), {
        buckets: [more, { ...more, span: 'day', from: DAY }],
      }),
    )

    const sum: HealthBucket = {
      span: 'hour',
      from: HOUR,
      ms: { up: 1001, degraded: 5, down: 21 },
      checks: 9,
      failures: 3,
      latencies: { count: 5, sumMs: 161, maxMs: 100 },
    }
    assert.deepEqual(await backend.health.listBuckets(id, 'hour', 0), [sum, later])
    assert.deepEqual(await backend.health.listBuckets(id, 'hour', HOUR), [sum, later])
    assert.deepEqual(await backend.health.listBuckets(id, 'hour', HOUR + 1), [later])
    assert.deepEqual(await backend.health.listBuckets(id, 'day', 0), [{ ...more, span: 'day', from: DAY }])
  })

  it('forgets old checks, turns old hours into days, and forgets old days', async (t) => {
    const backend = await open(t)
    const id = await newAgent(backend)
    const hour = (n: number, up: number) => sampleBucket({ from: DAY + n * HOUR_MS, ms: { up } })
    const old = sampleBucket({ span: 'day', from: DAY - DAY_MS })
    const day = sampleBucket({ span: 'day', from: DAY, ms: { down: 3 } })
    const checks = [sampleCheck({ at: T0 - 1 }), sampleCheck({ at: T0 })]
    const buckets = [hour(0, 1), hour(23, 10), hour(24, 100), hour(26, 1000), day, old]
    await backend.health.commit(healthCommit(sampleHealth(id), { checks, buckets }))
    const compaction = { checksBefore: T0, hoursBefore: DAY + 25 * HOUR_MS, daysBefore: DAY }

    await backend.health.compact(id, compaction)
    await backend.health.compact(id, compaction)

    assert.deepEqual(await backend.health.listChecks(id, 10), checks.slice(1))
    assert.deepEqual(await backend.health.listBuckets(id, 'hour', 0), [hour(26, 1000)])
    const latencies = { count: 6, sumMs: 91.5, maxMs: 20.25 }
    assert.deepEqual(await backend.health.listBuckets(id, 'day', 0), [
      { ...day, ms: { up: 11, down: 3 }, checks: 9, failures: 3, latencies },
      { ...hour(24, 100), span: 'day', from: DAY + DAY_MS },
    ])
    assert.deepEqual(await backend.health.find(id), sampleHealth(id))
  })

  it('keeps what it was told out of reach', async (t) => {
    const backend = await open(t)
    const id = await newAgent(backend)
    const checks = [sampleCheck()]
    const health = sampleHealth(id, { checks })
    await backend.health.commit(healthCommit(health, { checks }))

    checks.length = 0

    assert.deepEqual((await backend.health.find(id))?.checks, [sampleCheck()])
    assert.deepEqual(await backend.health.listChecks(id, 10), [sampleCheck()])
  })

  it('is part of listings, which can be ordered by it', async (t) => {
    const backend = await open(t)
    const states = ['down', undefined, 'degraded', 'up', 'unknown', 'up', 'degraded', 'down'] as const
    const listed = await Promise.all(
      states.map(async (state, n) => {
        const id = await newAgent(backend)
        const { latencyMs: _, verifiedAt: __, ...bare } = sampleHealth(id)
        const facts = n % 2 === 0 ? {} : { latencyMs: 10.5 - (n % 3), verifiedAt: T0 - n }
        if (state === undefined) return { id, health: 'unknown' as const }
        const since = T0 - n
        const health = { ...bare, state, since, ...facts }
        assert.equal(await backend.health.commit(healthCommit(health)), 'committed')
        return { id, health: state, healthSince: since, ...facts }
      }),
    )
    const search = (page: ListingPage) => backend.agents.search({ tenant: 'default' }, page)

    for (const [order, key] of [
      ['health', ({ health }: AgentListing) => HEALTH_ORDER.indexOf(health)],
      ['latency', ({ latencyMs = Number.MAX_VALUE }: AgentListing) => latencyMs],
    ] as const) {
      const whole = await search({ limit: 100, order })
      const keys = whole.map((listing): [number, string] => [key(listing), listing.id])
      assert.deepEqual(
        keys,
        keys.toSorted(([a, idA], [b, idB]) => a - b || (idA < idB ? -1 : 1)),
      )
      for (const limit of [1, 3]) {
        const paged: AgentListing[] = []
        for (let after: AgentListing | undefined; ; ) {
          const page = await search({ limit, order, ...(after && { after }) })
          paged.push(...page)
          after = page.at(-1)
          if (after === undefined) break
        }
        assert.deepEqual(paged, whole)
      }
      for (const expected of listed) {
        const found = whole.find(({ id }) => id === expected.id)
        const { id, health, healthSince, latencyMs, verifiedAt } = found ?? {}
        const facts = { healthSince, latencyMs, verifiedAt }
        const known = Object.entries(facts).filter(([, value]) => value !== undefined)
        assert.deepEqual({ id, health, ...Object.fromEntries(known) }, expected)
      }
    }
  })

  it('has everything after it was closed, if it survives that', async (t) => {
    const place = newPlace()
    const before = await openAt(t, place)
    const id = await newAgent(before)
    const health = sampleHealth(id)
    const more = { checks: [sampleCheck()], buckets: [sampleBucket()], work: workOf(id) }
    await before.health.commit(healthCommit(health, more))
    await before[Symbol.asyncDispose]()

    const after = await openAt(t, place)

    if (!after.capabilities.survivesRestart) {
      assert.equal(await after.health.find(id), undefined)
      return
    }
    assert.deepEqual(await after.health.find(id), health)
    assert.deepEqual(await after.health.listChecks(id, 10), more.checks)
    assert.deepEqual(await after.health.listBuckets(id, 'hour', 0), more.buckets)
    assert.deepEqual(await leasedOf(after), [`alert ${id}`, `probe ${id}`])
  })
}
