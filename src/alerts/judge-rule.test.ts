import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { HEALTH_STATES } from '../registry/health/agent-health.ts'
import { type AgentFacts, judgeRule, type Verdict } from './judge-rule.ts'
import type { RuleCondition } from './rule.ts'

const DAY = 24 * 60 * 60 * 1000
const T0 = 1_700_000_000_000

const time = fc.integer({ min: T0, max: T0 + DAY })
const forMs = fc.integer({ min: 0, max: DAY })

const condition: fc.Arbitrary<RuleCondition> = fc.oneof(
  fc.record({
    kind: fc.constant('state' as const),
    state: fc.constantFrom('degraded' as const, 'down' as const),
    forMs,
  }),
  fc.record({
    kind: fc.constant('error_rate' as const),
    above: fc.double({ min: 0, max: 0.99, noNaN: true }),
    windowMs: fc.integer({ min: 60_000, max: DAY }),
    minCalls: fc.integer({ min: 1, max: 10 }),
  }),
  fc.record({ kind: fc.constant('latency' as const), aboveMs: fc.integer({ min: 1, max: 5000 }), forMs }),
  fc.record({ kind: fc.constant('heartbeat' as const), forMs }),
  fc.record({ kind: fc.constant('dependency' as const), forMs }),
)

const facts: fc.Arbitrary<AgentFacts> = fc
  .record({
    state: fc.constantFrom(...HEALTH_STATES),
    since: time,
    latencyMs: fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined }),
    heartbeatDueAt: fc.option(time, { nil: undefined }),
    calls: fc.array(
      fc.record({ at: time, outcome: fc.constantFrom('ok' as const, 'timeout' as const, 'error' as const) }),
      { maxLength: 30 },
    ),
    dependencyDownSince: fc.option(time, { nil: undefined }),
    isDependedOn: fc.boolean(),
  })
  .map(({ state, since, latencyMs, heartbeatDueAt, dependencyDownSince, ...rest }) => ({
    health: { state, since, ...(latencyMs === undefined ? {} : { latencyMs }) },
    ...(heartbeatDueAt === undefined ? {} : { heartbeatDueAt }),
    ...(dependencyDownSince === undefined ? {} : { dependencyDownSince }),
    ...rest,
  }))

const later = fc.integer({ min: T0 + DAY, max: T0 + 2 * DAY })
const fires = (verdict: Verdict, now: number): boolean =>
  verdict.holds && now >= verdict.since + verdict.forMs

describe('whether a rule holds', () => {
  it('only grows truer while nothing is heard of the agent, but for calls that grow old', () => {
    fc.assert(
      fc.property(condition, facts, later, fc.nat(DAY), (rule, known, now, more) => {
        fc.pre(rule.kind !== 'error_rate')
        const first = judgeRule(rule, known, undefined, now)
        const heldSince = first.holds ? first.since : undefined
        const second = judgeRule(rule, known, heldSince, now + more)
        assert.ok(!first.holds || second.holds)
        assert.ok(!fires(first, now) || fires(second, now + more))
      }),
    )
  })

  it('begins no later than now, and never fires before it has held for as long as the rule says', () => {
    fc.assert(
      fc.property(condition, facts, later, (rule, known, now) => {
        const verdict = judgeRule(rule, known, undefined, now)
        if (!verdict.holds) return
        assert.ok(verdict.since <= now)
        assert.ok(rule.kind === 'error_rate' || verdict.forMs === rule.forMs)
        if (rule.kind === 'state') assert.equal(verdict.since, known.health.since)
      }),
    )
  })

  it('is no once the agent is well', () => {
    const well: AgentFacts = {
      health: { state: 'up', since: T0, latencyMs: 0 },
      heartbeatDueAt: T0 + 9 * DAY,
      calls: [{ at: T0 + DAY, outcome: 'ok' }],
      isDependedOn: true,
    }
    fc.assert(
      fc.property(condition, fc.option(time, { nil: undefined }), later, (rule, heldSince, now) => {
        assert.equal(judgeRule(rule, well, heldSince, now).holds, false)
      }),
    )
  })

  it('is asked again before it may have changed by itself, and in the future', () => {
    fc.assert(
      fc.property(condition, facts, later, (rule, known, now) => {
        const { nextAt } = judgeRule(rule, known, undefined, now)
        assert.ok(nextAt === undefined || nextAt > now)
      }),
    )
  })
})
