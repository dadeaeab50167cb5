import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type AgentHealth, CHECK_KINDS, CHECK_OUTCOMES, type Check } from './agent-health.ts'
import { A, at, B, MINUTE, statesOf, T0, watch, watched } from './checks.case.ts'
import { evolveHealth } from './evolve-health.ts'
import type { HealthBucket } from './health-store.ts'
import { isBad, isCall } from './judge-checks.ts'

const HOUR = 60 * MINUTE

describe('the health of an agent', () => {
  it('is unknown until something was seen, and says since when', () => {
    const [first, second] = watch([[], [['interface', 'ok', A]], []])

    assert.deepEqual([first?.state, first?.since, first?.reason], ['unknown', T0, undefined])
    assert.deepEqual([second?.state, second?.since, second?.version], ['up', T0 + MINUTE, 2])
  })

  it('takes two bad rounds in a row to go down over what may pass, and says at once what is wrong', () => {
    const seen = watch([
      [['interface', 'ok', A]],
      [['interface', 'timeout', A]],
      [['interface', 'ok', A]],
      [['interface', 'timeout', A]],
      [['card', 'ok']],
      [['interface', 'unreachable', A]],
      [['interface', 'unreachable', A]],
    ])

    assert.deepEqual(statesOf(seen), ['up', 'degraded', 'up', 'degraded', 'degraded', 'down', 'down'])
    assert.deepEqual(seen[1]?.reason, { kind: 'interface', outcome: 'timeout', url: A })
    assert.equal(seen[4]?.since, T0 + 3 * MINUTE)
    assert.deepEqual(seen[5]?.reason, { kind: 'interface', outcome: 'unreachable', url: A })
  })

  it('takes what was asked at once for one round, however it is told', () => {
    const known = watch([[['interface', 'ok', A]]])[0]
    const first = evolveHealth(known, watched, [at(500, 'interface', 'error', A)], T0 + 500).health
    const second = evolveHealth(first, watched, [at(510, 'task', 'error', A)], T0 + 520).health
    assert.deepEqual([first.state, second.state], ['degraded', 'degraded'])
    const third = evolveHealth(second, watched, [at(600, 'interface', 'error', A)], T0 + 600).health
    assert.equal(third.state, 'down')
  })

  it('goes down at once over what does not pass by itself, and where nothing good was ever seen', () => {
    for (const outcome of ['auth', 'wrong-version', 'bad-shape', 'tls', 'forbidden'] as const) {
      assert.deepEqual(statesOf(watch([[['interface', 'ok', A]], [['interface', outcome, A]]])), [
        'up',
        'down',
      ])
    }
    assert.deepEqual(statesOf(watch([[['interface', 'ok', A]], [['heartbeat', 'missing']]])), ['up', 'down'])
    assert.deepEqual(statesOf(watch([[['interface', 'timeout', A]]])), ['down'])
  })

  it('comes back with one good round, but with three in a row once it came and went', () => {
    const outage = [
      [['interface', 'timeout', A]],
      [['interface', 'timeout', A]],
      [['interface', 'ok', A]],
    ] as const
    const seen = watch([[['interface', 'ok', A]], ...outage, ...outage])
    assert.deepEqual(statesOf(seen), ['up', 'degraded', 'down', 'up', 'degraded', 'down', 'down'])
    assert.deepEqual(seen.at(-1)?.reason, { kind: 'interface', outcome: 'timeout', url: A })

    const [good, bad] = [[['interface', 'ok', A]] as const, [['interface', 'timeout', A]] as const]
    const beat = [['heartbeat', 'ok']] as const
    const after = watch([beat, good, bad, good, good, good], seen.at(-1), 7 * MINUTE)
    assert.deepEqual(statesOf(after), ['down', 'down', 'down', 'down', 'down', 'up'])
    const later = watch([good, bad, good], after.at(-1), 70 * MINUTE)
    assert.deepEqual(statesOf(later), ['up', 'degraded', 'up'])
  })

  it('changes a few times at most while it comes and goes every second', () => {
    let known = watch([[['interface', 'ok', A]]])[0]
    let changes = 0
    for (let ms = 250; ms <= MINUTE; ms += 250) {
      const outcome = ms % 1000 === 0 ? 'auth' : 'ok'
      const { health } = evolveHealth(known, watched, [at(ms, 'interface', outcome, A)], T0 + ms)
      if (health.state !== known?.state) changes++
      known = health
    }
    assert.ok(changes <= 8, String(changes))
  })

  it('forgets checks of a day ago, and calls to URLs that are no longer its own', () => {
    const known = watch([
      [
        ['interface', 'ok', A],
        ['delivery', 'error', A],
      ],
    ])
    assert.deepEqual(statesOf(known), ['degraded'])

    const dayLater = watch([[['interface', 'ok', A]]], known[0], 24 * HOUR)
    assert.deepEqual(statesOf(dayLater), ['up'])
    assert.equal(dayLater[0]?.checks.length, 1)
    assert.deepEqual(statesOf(watch([[]], known[0], 48 * HOUR)), ['unknown'])
    const card = watched.card.replace(A, 'https://new.example')
    const moved = evolveHealth(known[0], { ...watched, card }, [at(1, 'interface', 'ok', B)], T0 + 1)
    assert.deepEqual([moved.health.state, moved.health.checks.length], ['up', 1])
  })

  it('forgets how the card was had once it is not had from a URL', () => {
    const known = watch([[['interface', 'ok', A]], [['card', 'error']]]).at(-1)
    assert.equal(known?.state, 'degraded')
    const { cardUrl: _, ...sent } = watched
    const { state, checks } = evolveHealth(
      known,
      sent,
      [at(2 * MINUTE, 'interface', 'ok', A)],
      T0 + 2 * MINUTE,
    ).health
    assert.deepEqual([state, checks.length], ['up', 1])
  })

  it('keeps the last check of each kind and URL, whatever order they come in', () => {
    const round = [at(9, 'interface', 'ok', A), at(5, 'interface', 'tls', A), at(3, 'card')]
    const { health } = evolveHealth(undefined, watched, round, T0 + 10)
    assert.deepEqual(health.checks, [round[0], round[2]])
  })

  it('smooths the latency of calls that went well, and knows when it was verified', () => {
    const round = (latencyMs: number, kind: Check['kind'], outcome: Check['outcome'] = 'ok', ms = 0) =>
      at(ms, kind, outcome, A, { latencyMs })
    const first = evolveHealth(undefined, watched, [round(100, 'interface')], T0).health
    assert.deepEqual([first.latencyMs, first.verifiedAt], [100, undefined])

    const second = evolveHealth(
      first,
      watched,
      [round(200, 'task', 'ok', 5), round(9, 'card'), round(9000, 'delivery', 'timeout', 6)],
      T0 + 6,
    ).health
    assert.deepEqual([second.latencyMs, second.verifiedAt], [130, T0 + 5])
  })

  it('keeps what the agent said of itself last', () => {
    const report = { at: T0, status: 'degraded', reason: 'No disk', load: 0.5 } as const
    const beat = at(0, 'heartbeat', 'degraded', undefined, { message: 'No disk', report })
    const first = evolveHealth(undefined, watched, [beat], T0).health

    const { health } = evolveHealth(first, watched, [at(5, 'interface', 'ok', A)], T0 + 5)
    assert.deepEqual([health.state, health.report], ['degraded', report])
    const [well] = watch([[['heartbeat', 'ok']]], health, 10)
    assert.deepEqual([well?.state, well?.report], ['up', report])
  })
})

describe('the history of an agent', () => {
  const after = (ms: number, round: readonly Check[] = []) => {
    const known = evolveHealth(undefined, watched, [at(0, 'interface', 'ok', A)], T0).health
    return evolveHealth(known, watched, round, T0 + ms).buckets
  }
  const quiet = { span: 'hour', checks: 0, failures: 0, latencies: { count: 0, sumMs: 0, maxMs: 0 } } as const

  it('charges the time that passed to the state that the agent was in, by the hour', () => {
    assert.deepEqual(after(90 * MINUTE), [
      { ...quiet, from: T0, ms: { up: HOUR } },
      { ...quiet, from: T0 + HOUR, ms: { up: 30 * MINUTE } },
    ])
    const failing = [
      at(MINUTE, 'interface', 'tls', A, { latencyMs: 7 }),
      at(MINUTE, 'interface', 'ok', B, { latencyMs: 5 }),
      at(MINUTE, 'card', 'ok', undefined, { latencyMs: 50 }),
    ]
    const latencies = { count: 1, sumMs: 5, maxMs: 5 }
    assert.deepEqual(after(MINUTE, failing), [
      { ...quiet, from: T0, ms: { up: MINUTE }, checks: 3, failures: 1, latencies },
    ])
  })

  it('charges nothing that nobody watched, and nothing when the clock goes back', () => {
    assert.deepEqual(after(2 * HOUR + 1), [])
    assert.deepEqual(after(-HOUR), [])
    assert.deepEqual(after(0), [])
  })
})

describe('whatever is seen whenever', () => {
  const check = fc.record({
    kind: fc.constantFrom(...CHECK_KINDS),
    outcome: fc.constantFrom(...CHECK_OUTCOMES),
    url: fc.constantFrom(A, B, undefined),
    behind: fc.constantFrom(0, 0, 1, 1000, -1000),
    latencyMs: fc.constantFrom(undefined, 0, 1.25, 1e9),
  })
  const step = fc.record({
    checks: fc.array(check, { maxLength: 4 }),
    ms: fc.oneof(
      fc.integer({ min: 0, max: 5 * MINUTE }),
      fc.integer({ min: -3 * HOUR, max: 50 * HOUR }),
      fc.constantFrom(0, 1, HOUR, 24 * HOUR),
    ),
  })
  const steps = fc.array(step, { maxLength: 30 })
  type Steps = typeof steps extends fc.Arbitrary<infer S> ? S : never

  function play(all: Steps) {
    let now = T0
    let health: AgentHealth | undefined
    const played: { now: number; health: AgentHealth; buckets: readonly HealthBucket[] }[] = []
    for (const { checks, ms } of all) {
      now += ms
      const round = checks.map(({ behind, url, latencyMs, ...facts }) => ({
        ...facts,
        at: now - behind,
        ...(url === undefined ? {} : { url }),
        ...(latencyMs === undefined ? {} : { latencyMs }),
      }))
      const evolved = evolveHealth(health, watched, round, now)
      health = evolved.health
      played.push({ now, ...evolved })
    }
    return played
  }

  it('charges no more time than passed, in whole hours', () => {
    fc.assert(
      fc.property(steps, (all) => {
        let [charged, passed] = [0, 0]
        for (const [index, { buckets }] of play(all).entries()) {
          passed += index === 0 ? 0 : Math.max(0, all[index]?.ms ?? 0)
          for (const { from, ms } of buckets) {
            const inHour = Object.values(ms).reduce((sum, one) => sum + one, 0)
            assert.ok(inHour <= HOUR && from % HOUR === 0)
            charged += inHour
          }
        }
        assert.ok(charged <= passed)
      }),
    )
  })

  it('never says up while the last calls are all bad, and gives a reason for what is not up', () => {
    fc.assert(
      fc.property(steps, (all) => {
        for (const { health } of play(all)) {
          const calls = health.checks.filter(isCall)
          if (calls.length > 0 && calls.every(isBad)) assert.notEqual(health.state, 'up')
          const isFaulty = health.state === 'down' || health.state === 'degraded'
          assert.equal(health.reason !== undefined, isFaulty)
          assert.ok(health.reason === undefined || isBad(health.reason))
        }
      }),
    )
  })

  it('says the same of the same, counts versions, and knows no time to come', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const played = play(all)
        assert.deepEqual(played, play(all))
        for (const [index, { now, health }] of played.entries()) {
          assert.equal(health.version, index + 1)
          const times = [health.since, health.verifiedAt ?? 0, ...health.changedAt]
          assert.ok([...times, ...health.checks.map((one) => one.at)].every((time) => time <= now))
          assert.ok(health.changedAt.length <= 200)
        }
      }),
    )
  })
})
