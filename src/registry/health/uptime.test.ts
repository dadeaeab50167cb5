import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HealthBucket } from './health-store.ts'
import { HOUR_MS } from './merge-buckets.ts'
import { uptimeBefore, uptimeOf } from './uptime.ts'

const NOW = 1_700_000_000_000
const hour = (hoursAgo: number, ms: HealthBucket['ms']): HealthBucket => ({
  span: 'hour',
  from: NOW - hoursAgo * HOUR_MS,
  ms,
  checks: 0,
  failures: 0,
  latencies: { count: 0, sumMs: 0, maxMs: 0 },
})

describe('uptime', () => {
  it('is the share of the time watched in which the agent was of use', () => {
    assert.equal(uptimeOf([{ ms: { up: 2000, degraded: 1000, down: 1000, unknown: 5000 } }]), 0.75)
    assert.equal(uptimeOf([{ ms: { up: 1 } }, { ms: { down: 2 } }]), 0.3333)
    assert.equal(uptimeOf([{ ms: { down: 5 } }]), 0)
  })

  it('is nothing where nobody watched', () => {
    assert.equal(uptimeOf([]), null)
    assert.equal(uptimeOf([{ ms: { unknown: 5000 } }]), null)
    assert.deepEqual(uptimeBefore([], NOW), { '24h': null, '7d': null, '30d': null })
  })

  it('is told of a day, a week and a month', () => {
    const hours = [
      hour(1, { up: 1 }),
      hour(25, { down: 1 }),
      hour(8 * 24, { down: 2 }),
      hour(31 * 24, { down: 9 }),
    ]

    assert.deepEqual(uptimeBefore(hours, NOW), { '24h': 1, '7d': 0.5, '30d': 0.25 })
  })
})
