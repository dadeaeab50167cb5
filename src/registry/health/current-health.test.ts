import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CheckOutcome } from './agent-health.ts'
import {
  type Beating,
  type CurrentHealth,
  currentHealth,
  heartbeatDueAt,
  isAlive,
  isVerified,
  type KnownHealth,
} from './current-health.ts'

const T = 1_700_000_000_000
const MISSING = { kind: 'heartbeat', outcome: 'missing' } as const

const silent: Beating = { lifecycle: 'active', heartbeatTtlMs: 1000 }
const declared: Beating = { ...silent, heartbeatsDeclaredAt: T }
const beating: Beating = { ...silent, lastHeartbeatAt: T }

const failing = (outcome: CheckOutcome): KnownHealth => ({
  state: 'down',
  since: T - 5000,
  reason: { kind: 'interface', outcome },
})

describe('the health of an agent now', () => {
  it('is unknown while nothing was seen and nothing was promised', () => {
    assert.deepEqual(currentHealth(undefined, silent, T + 1e9), { state: 'unknown' })
    assert.deepEqual(currentHealth({ state: 'unknown' }, declared, T + 999), { state: 'unknown' })
    assert.equal(heartbeatDueAt(silent), undefined)
  })

  it('is down once heartbeats that were declared or begun do not come in time', () => {
    for (const agent of [declared, beating]) {
      assert.equal(heartbeatDueAt(agent), T + 1000)
      assert.notEqual(currentHealth(undefined, agent, T + 999).state, 'down')
      const missing = { state: 'down', since: T + 1000, reason: MISSING }
      for (const known of [undefined, { state: 'up', since: T }] as const) {
        assert.deepEqual(currentHealth(known, agent, T + 1000), missing)
      }
    }
  })

  it('is what a heartbeat says while nothing else is known', () => {
    const degraded = { status: 'degraded', reason: 'slow disk' } as const
    const reason = { kind: 'heartbeat', outcome: 'degraded', message: 'slow disk' }

    assert.deepEqual(currentHealth(undefined, beating, T + 1), { state: 'up', since: T })
    assert.deepEqual(currentHealth({ state: 'unknown', report: degraded }, beating, T + 1), {
      state: 'degraded',
      since: T,
      reason,
    })
  })

  it('is what else was seen, whatever heartbeats say', () => {
    assert.deepEqual(currentHealth(failing('tls'), beating, T + 1), failing('tls'))
    assert.deepEqual(currentHealth(failing('tls'), beating, T + 1000), failing('tls'), 'it was down before')
  })

  it('gives who changes what is declared the time that it now takes', () => {
    const again = { ...beating, heartbeatTtlMs: 2000, heartbeatsDeclaredAt: T + 5000 }

    assert.equal(heartbeatDueAt(again), T + 7000)
    assert.equal(currentHealth(undefined, again, T + 6000).state, 'unknown', 'its last heartbeat is too old')
  })

  it('is unknown of an agent that is disabled', () => {
    const disabled = { ...beating, lifecycle: 'disabled' } as const

    assert.equal(heartbeatDueAt(disabled), undefined)
    assert.deepEqual(currentHealth({ state: 'up', since: T }, disabled, T + 1), { state: 'unknown' })
  })

  it('is worth a call where it is up or degraded, and verified by a success of the last 24 hours', () => {
    const alive = (['up', 'degraded', 'down', 'unknown'] as const).filter((state) => isAlive({ state }))
    assert.deepEqual(alive, ['up', 'degraded'])

    const seen: CurrentHealth = { state: 'up', verifiedAt: T }
    assert.equal(isVerified(seen, T + 86_399_999), true)
    assert.equal(isVerified(seen, T + 86_400_000), false)
    assert.equal(isVerified({}, T), false)
  })
})
