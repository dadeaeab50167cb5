import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createBuckets, type Rate } from './buckets.ts'

/** Buckets whose time is what a test says. */
function bucketsOf(rate: Rate, maxKeys = 100) {
  const clock = { ms: 0 }
  const buckets = createBuckets(rate, { maxKeys, monotonicMs: () => clock.ms })
  const isTaken = (key = 'a') => buckets.take(key).refusedMs === undefined
  return { clock, buckets, isTaken }
}

describe('a share', () => {
  it('is taken at once as far as it goes, and comes back over time', () => {
    const { clock, buckets, isTaken } = bucketsOf({ perSecond: 10, burst: 3 })

    const remaining = [1, 2, 3].map(() => buckets.take('a').remaining)
    assert.deepEqual(remaining, [2, 1, 0])
    assert.deepEqual(buckets.take('a'), { remaining: 0, fullInMs: 300, refusedMs: 100 })
    clock.ms = 99
    assert.ok(!isTaken())
    clock.ms = 100
    assert.ok(isTaken())
    assert.ok(!isTaken())
    clock.ms = 1_000_000
    assert.equal(buckets.take('a').remaining, 2, 'no more than the whole is saved')
  })

  it('is not made smaller by what is refused', () => {
    const { clock, isTaken } = bucketsOf({ perSecond: 1, burst: 1 })

    assert.ok(isTaken())
    for (let ms = 0; ms < 1000; ms += 10) {
      clock.ms = ms
      assert.ok(!isTaken())
    }
    clock.ms = 1000
    assert.ok(isTaken())
  })

  it('lets through as many as its rate says over a long time, whatever the rate', () => {
    for (const rate of [
      { perSecond: 0.5, burst: 1 },
      { perSecond: 7, burst: 5 },
      { perSecond: 333.3, burst: 50 },
    ]) {
      const { clock, isTaken } = bucketsOf(rate)
      let taken = 0
      for (; clock.ms < 60_000; clock.ms += 1) if (isTaken()) taken++

      const expected = rate.burst + rate.perSecond * 60
      assert.ok(taken <= expected && taken > expected * 0.98 - 1, `${taken} of ${expected}`)
    }
  })

  it('belongs to one key only', () => {
    const { isTaken } = bucketsOf({ perSecond: 1, burst: 1 })

    assert.ok(isTaken('a'))
    assert.ok(isTaken('b'))
    assert.ok(!isTaken('a'))
  })

  it('is forgotten when there are too many, the one used least recently first', () => {
    const { isTaken } = bucketsOf({ perSecond: 1, burst: 2 }, 3)
    for (const key of ['a', 'a', 'b', 'c']) assert.ok(isTaken(key))
    assert.ok(!isTaken('a'))
    assert.ok(isTaken('d'))
    assert.ok(isTaken('a'), 'forgotten, so it begins anew')
    assert.ok(isTaken('d'))
    assert.ok(!isTaken('d'), 'not forgotten')
  })
})
