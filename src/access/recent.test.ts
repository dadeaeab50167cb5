import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRecent } from './recent.ts'

describe('recent values', () => {
  it('are forgotten after their age, also when the clock is set back', () => {
    let clock = 10_000
    const recent = createRecent<number>({ maxEntries: 9, maxAgeMs: 100, now: () => clock })
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
    const recent = createRecent<number>({ maxEntries: 2, maxAgeMs: 100, now: () => 0 })
    recent.set('a', 1)
    recent.set('b', 2)
    recent.get('a')
    recent.set('c', 3)

    assert.deepEqual([recent.get('a'), recent.get('b'), recent.get('c')], [1, undefined, 3])
  })

  it('can be forgotten at once', () => {
    const recent = createRecent<number>({ maxEntries: 2, maxAgeMs: 100, now: () => 0 })
    recent.set('a', 1)
    recent.delete('a')

    assert.equal(recent.get('a'), undefined)
  })
})
