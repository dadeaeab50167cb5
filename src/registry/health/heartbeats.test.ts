import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { ParleyError } from '../../errors.ts'
import { silentEvents } from '../../telemetry/events.ts'
import { as, cardText, type OpenRegistry, openRegistry } from '../open-registry.case.ts'
import { type NewReport, parseHeartbeat } from './heartbeat-body.ts'
import { DAY_MS } from './merge-buckets.ts'

const ada = as('key:ada')

describe('heartbeats', () => {
  let room: OpenRegistry
  beforeEach(async () => {
    room = await openRegistry()
  })

  const register = async (times: { heartbeatIntervalMs?: number; heartbeatTtlMs?: number } = {}) =>
    (await room.registry.register(ada, { card: cardText(), slug: 'echo', ...times })).agent

  const stateOf = async () => {
    const [health] = await room.registry.healthOf([await room.registry.get(ada, 'echo', 'discover')])
    return health?.state
  }

  it('are not required of an agent that never beat', async () => {
    const agent = await register()
    room.clock.now += 1e9

    assert.equal(agent.lastHeartbeatAt, undefined)
    assert.equal(await stateOf(), 'unknown')
  })

  it('count for the TTL once one came, and never go backwards', async () => {
    const agent = await register()
    const { lastHeartbeatAt, health } = await room.registry.heartbeat(ada, agent.id)

    assert.deepEqual([lastHeartbeatAt, health.state], [room.clock.now, 'up'])
    room.clock.now -= 1000
    assert.equal((await room.registry.heartbeat(ada, agent.id)).lastHeartbeatAt, lastHeartbeatAt)
    room.clock.now = lastHeartbeatAt + 300_000
    assert.equal(await stateOf(), 'down')
    assert.equal((await room.registry.heartbeat(ada, agent.id)).health.state, 'up')
  })

  it('that say that all is well again are believed soon, also of an agent that came and went', async () => {
    const agent = await register()
    const beat = (status: 'ok' | 'degraded') => {
      room.clock.now += 10_000
      return room.registry.heartbeat(ada, agent.id, { status })
    }
    for (let count = 0; count < 5; count++) {
      await beat('ok')
      await beat('degraded')
    }
    assert.equal(await stateOf(), 'degraded')
    for (let count = 0; count < 8; count++) await beat('ok')
    assert.equal(await stateOf(), 'up')
  })

  it('are required of an agent whose owner says how often it beats, or how long that counts', async () => {
    await register({ heartbeatIntervalMs: 20_000 })
    assert.equal(await stateOf(), 'unknown')
    room.clock.now += 60_000
    assert.equal(await stateOf(), 'down')

    await room.registry.update(ada, 'echo', { heartbeatTtlMs: 90_000 })
    assert.equal(await stateOf(), 'unknown', 'they are declared anew')
    await register({ heartbeatTtlMs: 90_000 })
    room.clock.now += 90_000
    assert.equal(await stateOf(), 'down', 'what is declared is not declared anew')
    await register()
    assert.equal(await stateOf(), 'down', 'registering is no heartbeat')
  })

  it('must count until the next', async () => {
    const isRefused = (code: string) => (reason: unknown) =>
      reason instanceof ParleyError &&
      reason.code === code &&
      reason.violations.map(({ pointer, code }) => `${pointer} ${code}`).join() === '/heartbeatTtlMs range'

    await assert.rejects(
      register({ heartbeatIntervalMs: 2000, heartbeatTtlMs: 1999 }),
      isRefused('invalid_registration'),
    )
    await register({ heartbeatTtlMs: 5000 })
    await assert.rejects(
      room.registry.update(ada, 'echo', { heartbeatIntervalMs: 5001 }),
      isRefused('invalid_params'),
    )
    await room.registry.update(ada, 'echo', { heartbeatIntervalMs: 5000 })
  })

  it('write down what they say once, and no more while they say the same', async () => {
    const agent = await register()
    const versionAfter = async (report?: NewReport) => {
      await room.registry.heartbeat(ada, 'echo', report)
      return (await room.health.find(agent.id))?.version
    }

    assert.equal(await versionAfter(), 1)
    assert.equal(await versionAfter({}), 1, 'nothing is as good as ok')
    const degraded = {
      status: 'degraded',
      reason: 'slow',
      dependencies: { db: 'down', queue: 'up' },
    } as const
    assert.equal(await versionAfter(degraded), 2)
    const reordered = { ...degraded, dependencies: { queue: 'up', db: 'down' } } as const
    assert.equal(await versionAfter(reordered), 2)
    assert.equal(await versionAfter({ ...degraded, reason: 'slower' }), 3)
    assert.equal(await versionAfter({ ...degraded, reason: 'slower', load: 0.5 }), 3, 'a load can wait')
    room.clock.now += 60_000
    assert.equal(await versionAfter({ ...degraded, reason: 'slower', load: 0.5 }), 4)
    assert.equal((await room.health.find(agent.id))?.report?.load, 0.5)
    assert.equal(await versionAfter(), 5)
  })

  it('are remembered, and their time counts as watched, for as long as they come and say the same', async () => {
    await register({ heartbeatTtlMs: 600_000 })
    const beats = (3 * DAY_MS) / 300_000
    for (let beat = 0; beat <= beats; beat++) {
      await room.registry.heartbeat(ada, 'echo', { status: 'degraded', reason: 'slow' })
      room.clock.now += 300_000
    }

    const { current, uptime } = await room.registry.getHealth(ada, 'echo')
    assert.deepEqual([current.state, current.reason?.message, uptime['7d']], ['degraded', 'slow', 1])
    const { items } = await room.registry.listHealth(ada, 'echo', 'day', { limit: 10 })
    const watched = items.reduce((sum, { ms }) => sum + (ms.degraded ?? 0), 0)
    assert.ok(watched >= 3 * DAY_MS - 1_800_000)
    const checks = items.reduce((sum, day) => sum + day.checks, 0)
    assert.ok(checks < beats / 5, 'few of them are written down')
  })

  it('say how the agent is, and end that they were missing', async () => {
    const agent = await register()
    const { health } = await room.registry.heartbeat(ada, 'echo', { status: 'degraded', reason: 'slow' })
    assert.deepEqual([health.state, health.reason?.outcome], ['degraded', 'degraded'])

    room.clock.now += 300_000
    assert.equal(await stateOf(), 'down')
    await room.health.record(agent, [{ kind: 'heartbeat', outcome: 'missing', at: room.clock.now }])
    assert.equal(await stateOf(), 'down')
    room.clock.now += 1000
    assert.equal((await room.registry.heartbeat(ada, 'echo')).health.state, 'up')
  })

  it('are taken even while what they say cannot be written down, which the next one then does', async () => {
    const refused: string[] = []
    let isBusy = true
    const busy = await openRegistry({
      wrapHealth: (health) => ({
        ...health,
        record: (...seen) =>
          isBusy ? Promise.reject(new ParleyError('unavailable', 'busy')) : health.record(...seen),
      }),
      events: { ...silentEvents, unexpected: ({ where }) => refused.push(where) },
    })
    await busy.registry.register(ada, { card: cardText(), slug: 'echo' })
    const beaten = await busy.registry.heartbeat(ada, 'echo')

    assert.deepEqual([beaten.health.state, refused], ['up', ['report of a heartbeat']])
    isBusy = false
    await busy.registry.heartbeat(ada, 'echo')
    assert.equal((await busy.health.find(beaten.agent.id))?.state, 'up')
  })

  it('of an agent that come at once are all taken', async () => {
    const agent = await register()
    const reports = ['a', 'b', 'c', 'd'].map((reason) => ({ status: 'degraded', reason }) as const)
    await Promise.all(reports.map((report) => room.registry.heartbeat(ada, 'echo', report)))

    const health = await room.health.find(agent.id)
    assert.equal(health?.version, 4)
    assert.equal(health.state, 'degraded')
  })

  it('say how the agent is in few words, and every problem of them is named', () => {
    assert.equal(parseHeartbeat(' \n'), undefined)
    const report = { status: 'degraded', reason: 'no disk', load: 0.5, dependencies: { db: 'down' } }
    assert.deepEqual(parseHeartbeat(JSON.stringify(report)), report)

    const problems = (body: unknown): readonly string[] => {
      try {
        parseHeartbeat(JSON.stringify(body))
      } catch (reason) {
        return ParleyError.from(reason).violations.map(({ pointer, code }) => `${pointer} ${code}`)
      }
      return []
    }
    assert.deepEqual(problems({ status: 'down', load: 2, dependencies: { db: 'gone' } }).toSorted(), [
      '/dependencies/db enum',
      '/load maximum',
      '/status enum',
    ])
    assert.deepEqual(problems({ mood: 'good' }), ['/mood boolean', ' additionalProperties'])
    assert.deepEqual(problems([]), [' type'])
    assert.deepEqual(problems({ reason: 'x'.repeat(501) }), ['/reason maxLength'])
    assert.deepEqual(problems({ dependencies: { '': 'up' } }), ['/dependencies/ length'])
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`d${n}`, 'up']))
    assert.deepEqual(problems({ dependencies: many }), ['/dependencies maxProperties'])
  })
})
