import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createCardCache } from './card-cache.ts'

const open = (maxCharacters: number) => {
  const clock = { now: 0 }
  const cache = createCardCache<{ readonly text: string }>({
    maxCharacters,
    maxAgeMs: 60,
    now: () => clock.now,
  })
  const put = (key: string, characters: number) => cache.set(key, { text: 'x'.repeat(characters) })
  const kept = (...keys: readonly string[]) => keys.filter((key) => cache.get(key) !== undefined)
  return { cache, clock, put, kept }
}

describe('cards kept', () => {
  it('are as many as fit, the ones used last', () => {
    const { cache, put, kept } = open(10)
    put('a', 4)
    put('b', 4)
    cache.get('a')
    put('c', 4)

    assert.deepEqual(kept('a', 'b', 'c'), ['a', 'c'])
  })

  it('count by their last text', () => {
    const { put, kept } = open(10)
    put('a', 9)
    put('a', 2)
    put('b', 8)

    assert.deepEqual(kept('a', 'b'), ['a', 'b'])
  })

  it('are not kept when they alone are too large', () => {
    const { put, kept } = open(10)
    put('a', 11)

    assert.deepEqual(kept('a'), [])
    put('b', 10)
    assert.deepEqual(kept('b'), ['b'])
  })

  it('are given out for their time, also when the clock is set back', () => {
    const { clock, put, kept } = open(10)
    put('a', 1)
    clock.now = 59
    assert.deepEqual(kept('a'), ['a'])
    clock.now = 60
    assert.deepEqual(kept('a'), [])

    put('b', 10)
    clock.now = -1
    assert.deepEqual(kept('b'), [])
    put('c', 10)
    assert.deepEqual(kept('c'), ['c'])
  })
})
