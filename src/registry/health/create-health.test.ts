import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { openMemory } from '../../storage/memory/open-memory.ts'
import { LeaseLost } from '../../work/work.ts'
import type { Agent } from '../agent.ts'
import { as, cardText, openRegistry } from '../open-registry.case.ts'
import { createHealth } from './create-health.ts'
import type { HealthStore } from './health-store.ts'
import { DAY_MS, HOUR_MS } from './merge-buckets.ts'

const URL_OF_AGENT = 'https://agent.example/a2a'
const START = 1_700_000_000_000

describe('what is recorded of an agent', () => {
  let agent: Agent
  let backend: Awaited<ReturnType<typeof openMemory>>
  let now: number
  let log: string[]
  const check = (outcome: 'ok' | 'tls' = 'ok') =>
    ({ kind: 'interface', outcome, at: now, url: URL_OF_AGENT }) as const
  const open = (store: HealthStore = backend.health) =>
    createHealth({
      store,
      now: () => now,
      events: {
        agentHealthChanged: ({ slug, before, state, outcome }) =>
          log.push(`${slug}: ${before} to ${state}, ${outcome}`),
      },
    })

  beforeEach(async () => {
    backend = await openMemory()
    const { registry } = await openRegistry({ agents: backend.agents })
    agent = (await registry.register(as('key:ada'), { card: cardText() })).agent
    now = START
    log = []
  })

  it('is kept, told, and judged by those who watch', async () => {
    const health = open()
    await health.record(agent, [check()])
    now += 1000
    await health.record(agent, [check()])
    now += 1000
    const recorded = await health.record(agent, [check('tls')])

    assert.deepEqual(recorded, await health.find(agent.id))
    assert.deepEqual([recorded?.state, recorded?.version], ['down', 3])
    const word = 'echo-agent'
    assert.deepEqual(log, [`${word}: unknown to up, ok`, `${word}: up to down, tls`])
    assert.equal((await backend.health.listChecks(agent.id, 10)).length, 3)
    const [hour] = await backend.health.listBuckets(agent.id, 'hour', 0)
    assert.deepEqual([hour?.ms, hour?.checks, hour?.failures], [{ up: 2000 }, 3, 1])
    assert.equal(await backend.work.nextDueAt(['alert'], now), now)
    const changes = await backend.changes.list('default', 10)
    assert.ok(changes !== 'pruned')
    assert.deepEqual(
      changes.flatMap(({ change }) => (change.kind === 'health' ? [[change.before, change.state]] : [])),
      [
        ['unknown', 'up'],
        ['up', 'down'],
      ],
    )
  })

  it('is decided anew when others were faster', async () => {
    const direct = open()
    let interrupted = false
    const slow = open({
      ...backend.health,
      async commit(commit) {
        if (!interrupted) {
          interrupted = true
          await direct.record(agent, [check('tls')])
        }
        return backend.health.commit(commit)
      },
    })

    const recorded = await slow.record(agent, [{ ...check(), kind: 'heartbeat' }])

    assert.deepEqual([recorded?.version, recorded?.state, recorded?.checks.length], [2, 'down', 2])
    assert.deepEqual(log, ['echo-agent: unknown to down, tls'])
  })

  it('all counts, however many record at once', async () => {
    const health = open()

    await Promise.all(Array.from({ length: 40 }, () => health.record(agent, [check()])))

    assert.equal((await health.find(agent.id))?.version, 40)
    const [hour] = await backend.health.listBuckets(agent.id, 'hour', 0)
    assert.equal(hour?.checks, 40)
  })

  it('is not written by who lost its lease', async () => {
    const claim = { token: 'mine', until: now + 1000 }
    await backend.work.put([{ kind: 'probe', key: 'k', lane: 'probe', dueAt: now, claim }])
    const health = open()
    const fence = { kind: 'probe', key: 'k', token: 'mine' } as const

    await assert.rejects(health.record(agent, [check()], { ...fence, token: 'old' }), LeaseLost)

    assert.equal(await health.find(agent.id), undefined)
    assert.equal((await health.record(agent, [check()], fence))?.state, 'up')
    assert.deepEqual(log.length, 1)
  })

  it('is nothing once the agent is gone', async () => {
    const removal = { agent: { ...agent, version: agent.version + 1 }, removed: true }
    await backend.agents.commit({ ...removal, expectedVersion: agent.version })

    assert.equal(await open().record(agent, [check()]), undefined)
    assert.deepEqual(log, [])
  })

  it('is compacted as it goes: checks of a day, hours of thirty days, days of four hundred', async () => {
    const health = open()
    for (const day of [0, 1, 2.5]) {
      for (let minute = 0; minute < 3; minute++) {
        now = START + day * DAY_MS + minute * 60_000
        await health.record(agent, [check()])
      }
    }
    assert.equal((await backend.health.listChecks(agent.id, 100)).length, 3)

    now = START + 31 * DAY_MS
    await health.record(agent, [check()])
    assert.equal((await backend.health.listBuckets(agent.id, 'hour', 0)).length, 2)
    const days = await backend.health.listBuckets(agent.id, 'day', 0)
    assert.deepEqual(
      days.map(({ checks, ms }) => [checks, ms]),
      [
        [3, { up: 120_000 }],
        [3, { up: 120_000 }],
      ],
    )
    now = START + 403 * DAY_MS
    await health.record(agent, [check()])
    assert.equal((await backend.health.listBuckets(agent.id, 'day', 0)).length, 1)
  })

  it('is compacted once an hour at most', async () => {
    const times: number[] = []
    const health = open({
      ...backend.health,
      async compact(id, compaction) {
        times.push(now - START)
        await backend.health.compact(id, compaction)
      },
    })

    for (let minute = 0; minute <= 130; minute += 10) {
      now = START + minute * 60_000
      await health.record(agent, [check()])
    }

    assert.deepEqual(times, [0, HOUR_MS, 2 * HOUR_MS])
  })
})
