import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { newUuid } from '../a2a/ids.ts'
import { numberedSlug, slugFrom, slugProblem } from './slug.ts'

describe('slugs', () => {
  it('are made from names in any script', () => {
    const slugs: Record<string, string> = {
      'Scenario agent': 'scenario-agent',
      'WeatherBot  v2.1!': 'weather-bot-v2-1',
      'Müller & Söhne': 'muller-sohne',
      Search: 'search-agent',
      翻訳: 'agent',
      '---': 'agent',
    }
    for (const [name, slug] of Object.entries(slugs)) assert.equal(slugFrom(name), slug)
  })

  it('made from any name, with any number, are slugs', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary', minLength: 80 })),
        fc.nat(200),
        (name, n) => {
          assert.equal(slugProblem(numberedSlug(slugFrom(name), n + 1)), undefined)
        },
      ),
    )
  })

  it('count up from the second', () => {
    assert.deepEqual(
      [1, 2, 3].map((n) => numberedSlug('echo', n)),
      ['echo', 'echo-2', 'echo-3'],
    )
    assert.equal(numberedSlug('x'.repeat(63), 12), `${'x'.repeat(60)}-12`)
  })

  it('are refused when reserved, misspelt or shaped like an id', () => {
    const refused = ['register', 'search', 'healthz', 'well-known', 'v1', newUuid()]
    for (const slug of refused) assert.equal(slugProblem(slug)?.code, 'reserved', slug)
    for (const slug of ['', '-a', 'a-', 'A', 'a_b', 'a b', 'é', 'x'.repeat(64), 'a\n']) {
      assert.equal(slugProblem(slug)?.code, 'slug', slug)
    }
    for (const slug of ['a', '7', 'scenario', 'a--b', 'x'.repeat(63)]) {
      assert.equal(slugProblem(slug), undefined, slug)
    }
  })
})
