import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AgentHealth, Check } from '../registry/health/agent-health.ts'
import { openProbes } from './open-probes.case.ts'
import { type Known, nextProbeAt, planProbe } from './plan-probe.ts'

const T = 1_700_000_000_000
const agent = await (await openProbes()).register()
const seen: Check = { kind: 'interface', url: 'https://agent.example/a2a', outcome: 'ok', at: T }

const known = (health: Partial<AgentHealth> | undefined, facts: Partial<Known> = {}): Known => ({
  agent,
  health:
    health === undefined
      ? undefined
      : {
          agentId: agent.id,
          tenant: agent.tenant,
          version: 1,
          state: 'up',
          since: T,
          checks: [seen],
          accountedAt: T,
          streak: 0,
          changedAt: [],
          ...health,
        },
  intervalMs: 60_000,
  cardDueAt: undefined,
  ...facts,
})
const probe = { text: 'ping', everyMs: 900_000 }

describe('when an agent is looked at next', () => {
  it('is after an interval, a tenth more or less', () => {
    assert.equal(nextProbeAt(known({}), T, 0), T + 54_000)
    assert.equal(nextProbeAt(known({}), T, 0.5), T + 60_000)
    assert.equal(nextProbeAt(known({}), T, 1), T + 66_000)
  })

  it('is sooner while a change of state is not certain yet', () => {
    assert.equal(nextProbeAt(known({ streak: 1 }), T, 0.5), T + 15_000)
    assert.equal(nextProbeAt(known({ streak: 1, state: 'down' }), T, 0.5), T + 15_000)
    assert.equal(nextProbeAt(known({ streak: 2 }, { intervalMs: 2000 }), T, 0.5), T + 1000)
    assert.equal(nextProbeAt(known({ streak: 2 }, { intervalMs: 300 }), T, 0.5), T + 300)
  })

  it('is later the longer the agent is down, up to ten minutes', () => {
    const down = (ms: number) => nextProbeAt(known({ state: 'down', since: T - ms }), T, 0.5) - T
    assert.deepEqual(
      [0, 60_000, 240_000, 480_000, 960_000, 2_400_000, 4_800_000].map(down),
      [60_000, 60_000, 60_000, 120_000, 240_000, 600_000, 600_000],
    )
  })

  it('is when the card is due, or the probe of its owner, if that is sooner', () => {
    assert.equal(nextProbeAt(known({}, { cardDueAt: T + 5000 }), T, 0.5), T + 5000)
    const task: Check = { kind: 'task', url: seen.url ?? '', outcome: 'ok', at: T - 880_000 }
    const probed = { ...agent, probe }
    assert.equal(nextProbeAt(known({ checks: [seen, task] }, { agent: probed }), T, 0.5), T + 20_000)
  })

  it('is never now', () => {
    assert.equal(nextProbeAt(known(undefined), T, 0.5), T + 100)
  })
})

describe('what an agent is asked', () => {
  const asked = (facts: Known, now: number, askedAt?: number) => {
    const { interfaces, ...plan } = planProbe(facts, now, askedAt)
    return { interfaces: interfaces.length, ...plan }
  }
  const nothing = { interfaces: 0, card: false, task: false, heartbeat: false }

  it('is nothing before it is due', () => {
    assert.deepEqual(asked(known({}), T + 53_000), nothing)
    assert.deepEqual(asked(known({}), T + 54_000), { ...nothing, interfaces: 1 })
  })

  it('is the probe of its owner as often as that says, and at once when it is new', () => {
    const task: Check = { kind: 'task', url: seen.url ?? '', outcome: 'ok', at: T }
    const probed = { ...agent, probe }
    assert.equal(asked(known({}, { agent: probed }), T).task, true)
    const after = known({ checks: [seen, task] }, { agent: probed })
    assert.equal(asked(after, T + 800_000).task, false)
    assert.equal(asked(after, T + 900_000).task, true)
  })

  it('is the probe of its owner once more, sooner, before it is certain that it fails', () => {
    const task: Check = { kind: 'task', url: seen.url ?? '', outcome: 'unexpected', at: T }
    const after = known({ checks: [seen, task], streak: 1 }, { agent: { ...agent, probe } })
    assert.equal(asked(after, T + 200_000).task, false)
    assert.equal(asked(after, T + 225_000).task, true)
  })

  it('is everything when somebody asks for it', () => {
    const facts = known({}, { agent: { ...agent, probe }, cardDueAt: T + 1e6, intervalMs: 0 })
    assert.deepEqual(asked(facts, T + 1, T + 1), { interfaces: 1, card: true, task: true, heartbeat: false })
    assert.deepEqual(asked(facts, T + 900_000), nothing)
  })

  it('is what was not seen since somebody asked for it, however often that is said', () => {
    const task: Check = { kind: 'task', url: seen.url ?? '', outcome: 'ok', at: T - 1 }
    const facts = (at: number) => known({ checks: [seen, { ...task, at }] }, { agent: { ...agent, probe } })
    assert.deepEqual(asked(facts(T - 1), T + 1, T), { ...nothing, task: true })
    assert.deepEqual(asked(facts(T), T + 1, T), nothing)
    // Written down by a clock that was ahead: nobody knows when.
    assert.deepEqual(asked(facts(T + 1000), T + 1, T), { ...nothing, task: true })
  })

  it('is nothing of one that is disabled', () => {
    const disabled = { ...agent, probe, lifecycle: 'disabled' as const }
    assert.deepEqual(asked(known(undefined, { agent: disabled, cardDueAt: T }), T, T), nothing)
    assert.equal(nextProbeAt(known(undefined, { agent: disabled, cardDueAt: T }), T, 0.5), T + 300_000)
  })
})
