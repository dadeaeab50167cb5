import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRecent } from './recent.ts'

describe('recent values', () => {
  it('are forgotten after their age, also when the clock is set back', () => {
    let clock = 10_000
    const recent = createRecent<number>({ maxSize: 9, maxAgeMs: 100, now: () => clock })
    recent.set('a', 1)
    recent.set('b', 2)

    clock += 99
    assert.equal(recent.get('a'), 1)
    clock += 1
    assert.equal(recent.get('a'), undefined)
    clock = 0
    assert.equal(recent.get('b'), undefined)
  })

  it('make room by forgetting the one not used for longest', () => {
    const recent = createRecent<number>({ maxSize: 2, maxAgeMs: 100, now: () => 0 })
    recent.set('a', 1)
    recent.set('b', 2)
    recent.get('a')
    recent.set('c', 3)

    assert.deepEqual([recent.get('a'), recent.get('b'), recent.get('c')], [1, undefined, 3])
  })

  it('are as many as fit by their last size', () => {
    const recent = createRecent<string>({
      maxSize: 10,
      sizeOf: (value) => value.length,
      maxAgeMs: 100,
      now: () => 0,
    })
    const kept = (...keys: readonly string[]) => keys.filter((key) => recent.get(key) !== undefined)

    recent.set('a', 'x'.repeat(9))
    recent.set('a', 'x'.repeat(2))
    recent.set('b', 'x'.repeat(8))
    assert.deepEqual(kept('a', 'b'), ['a', 'b'])

    recent.set('c', 'x'.repeat(9))
    assert.deepEqual(kept('a', 'b', 'c'), ['c'])

    recent.set('d', 'x'.repeat(11))
    assert.deepEqual(kept('c', 'd'), [])
  })

  it('leave their room to others when they are too old', () => {
    let clock = 0
    const recent = createRecent<number>({ maxSize: 1, maxAgeMs: 100, now: () => clock })
    recent.set('a', 1)
    clock = 100
    assert.equal(recent.get('a'), undefined)
    recent.set('b', 2)

    assert.equal(recent.get('b'), 2)
  })

  it('can be forgotten at once', () => {
    const recent = createRecent<number>({ maxSize: 2, maxAgeMs: 100, now: () => 0 })
    recent.set('a', 1)
    recent.delete('a')

    assert.equal(recent.get('a'), undefined)
  })
})
