import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Check, HealthReason, HealthState } from './agent-health.ts'
import { A, at, B } from './checks.case.ts'
import { judgeChecks } from './judge-checks.ts'

type Case = readonly [why: string, checks: readonly Check[], state: HealthState, reason?: HealthReason]

const CASES: readonly Case[] = [
  ['nothing was seen', [], 'unknown'],
  ['of its calls nothing is known', [at(0, 'card')], 'unknown'],
  ['it answers', [at(0, 'interface', 'ok', A)], 'up'],
  ['it says that it is fine', [at(0, 'heartbeat')], 'up'],
  ['a card that drifted is no fault', [at(0, 'interface', 'ok', A), at(0, 'card', 'card-drift')], 'up'],
  [
    'its card answers, its calls fail',
    [at(0, 'card'), at(0, 'interface', 'bad-shape', A)],
    'down',
    { kind: 'interface', outcome: 'bad-shape', url: A },
  ],
  [
    'one interface of two answers',
    [at(0, 'interface', 'ok', A), at(0, 'interface', 'tls', B)],
    'degraded',
    { kind: 'interface', outcome: 'tls', url: B },
  ],
  [
    'all fail: the gravest is told',
    [at(0, 'interface', 'error', A), at(0, 'interface', 'unreachable', B), at(0, 'card', 'dns')],
    'down',
    { kind: 'interface', outcome: 'unreachable', url: B },
  ],
  [
    'its card alone cannot be had',
    [at(0, 'interface', 'ok', A), at(0, 'card', 'timeout')],
    'degraded',
    { kind: 'card', outcome: 'timeout' },
  ],
  [
    'it says itself that it is not well',
    [at(0, 'interface', 'ok', A), at(0, 'heartbeat', 'degraded', undefined, { message: 'No disk' })],
    'degraded',
    { kind: 'heartbeat', outcome: 'degraded', message: 'No disk' },
  ],
  [
    'its heartbeat is missing, though it answers',
    [at(0, 'interface', 'ok', A), at(0, 'heartbeat', 'missing'), at(0, 'card', 'dns')],
    'down',
    { kind: 'heartbeat', outcome: 'missing' },
  ],
  [
    'it answers probes and fails messages',
    [at(0, 'delivery', 'error', A), at(5, 'interface', 'ok', A)],
    'degraded',
    { kind: 'delivery', outcome: 'error', url: A },
  ],
  [
    'a message went well after one that failed elsewhere',
    [at(0, 'delivery', 'error', A), at(5, 'delivery', 'ok', B), at(6, 'interface', 'ok', A)],
    'up',
  ],
  ['so did its probe', [at(0, 'delivery', 'timeout', A), at(5, 'task')], 'up'],
  [
    'a message went well before its probe failed',
    [at(0, 'delivery', 'ok', A), at(5, 'task', 'unexpected'), at(6, 'interface', 'ok', A)],
    'degraded',
    { kind: 'task', outcome: 'unexpected' },
  ],
  [
    'nobody is there any more, whatever went well before',
    [at(0, 'delivery', 'ok', A), at(0, 'task'), at(5, 'interface', 'unreachable', A)],
    'down',
    { kind: 'interface', outcome: 'unreachable', url: A },
  ],
  [
    'it is there again, whatever failed for want of a connection',
    [at(0, 'delivery', 'unreachable', A), at(0, 'task', 'dns', A), at(5, 'interface', 'ok', A)],
    'up',
  ],
  [
    'what else failed is not mended by that',
    [at(0, 'delivery', 'unreachable', B), at(0, 'task', 'auth', A), at(5, 'interface', 'ok', A)],
    'degraded',
    { kind: 'delivery', outcome: 'unreachable', url: B },
  ],
]

describe('checks', () => {
  for (const [why, checks, state, reason] of CASES) {
    it(`say ${state} where ${why}`, () => {
      for (const order of [checks, checks.toReversed()]) {
        const verdict = judgeChecks(order)
        assert.equal(verdict.state, state)
        assert.deepEqual(verdict.reason, reason)
      }
    })
  }
})
