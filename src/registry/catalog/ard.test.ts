import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ParleyError } from '../../errors.ts'
import { ardExploreResult, parseArdExplore } from './ard-explore.ts'
import { parseArdList } from './ard-list.ts'
import { parseArdSearch } from './ard-search.ts'
import { plainWords } from './plain-words.ts'

const URL = 'https://gw.example/'
const TYPE = 'application/a2a-agent-card+json'

const refused = (read: () => unknown, pointer: string) =>
  assert.throws(read, (error) => {
    assert.ok(error instanceof ParleyError)
    assert.deepEqual([error.code, error.violations[0]?.pointer], ['invalid_params', pointer])
    return true
  })

describe('a request in plain words', () => {
  it('is its words without those that say nothing', () => {
    assert.deepEqual(plainWords('Find me a flight-booking agent, please!'), ['flight', 'booking'])
    assert.deepEqual(plainWords('Übersetzer für Verträge'), ['ubersetzer', 'fur', 'vertrage'])
  })

  it('is all of its words where none says anything, and none where there is none', () => {
    assert.deepEqual(plainWords('the tools'), ['the', 'tools'])
    assert.deepEqual(plainWords(' ?! '), [])
  })

  it('is cut where it goes on and on', () => {
    assert.equal(plainWords('flight '.repeat(100)).length, 16)
  })
})

describe('a search of ARD', () => {
  const parse = (query: unknown, more: object = {}) => parseArdSearch(JSON.stringify({ query, ...more }), URL)

  it('looks for agents that can be called, the best first', () => {
    assert.deepEqual(parse({ text: 'weather in Paris' }, { pageSize: 3, pageToken: 't' }), {
      query: {
        text: 'weather paris',
        filters: { lifecycle: ['active'] },
        sort: 'relevance',
        limit: 3,
        cursor: 't',
      },
      words: ['weather', 'paris'],
      wantsReferrals: false,
    })
  })

  it('takes one value as a list of one, and passes on what agents differ in', () => {
    const filter = {
      type: TYPE,
      publisher: ['other.example', 'gw.example'],
      tags: 'a',
      capabilities: ['b', 'c'],
    }

    assert.deepEqual(parse({ text: 'x', filter }).query?.filters, {
      lifecycle: ['active'],
      tag: ['a'],
      skill: ['b', 'c'],
    })
  })

  it('is for nothing where the type or the publisher is another', () => {
    for (const filter of [{ type: 'text/plain' }, { publisher: ['other.example'] }]) {
      assert.equal(parse({ text: 'x', filter }).query, undefined)
    }
  })

  it('is refused by a field that it cannot filter by, also one of another kind', () => {
    refused(() => parse({ text: 'x', filter: { 'metadata.a': 'b' } }), '/query/filter/metadata.a')
    refused(() => parse({ text: 'x', filter: { type: 'text/plain', 'a/b': 'c' } }), '/query/filter/a~1b')
    refused(() => parse({ text: '...' }), '/query/text')
  })
})

describe('a list of ARD', () => {
  const filtered = (filter: string) => parseArdList({ filter }, URL)

  it('reads conditions joined by AND, values parted by commas', () => {
    assert.deepEqual(
      filtered(
        `displayName = 'Sky' and tags="a, b" AND updatedAfter > '1970-01-01T00:00:01Z' AND type='${TYPE}'`,
      ),
      {
        filters: { lifecycle: ['active'], tag: ['a', 'b'] },
        names: ['Sky'],
        updatedSince: 1001,
        limit: 20,
      },
    )
    assert.equal(filtered(`publisherId = 'other.example,another.example'`), undefined)
  })

  it('reads an order', () => {
    const sortOf = (orderBy: string) => parseArdList({ orderBy }, URL)?.sort

    assert.deepEqual([sortOf('displayName'), sortOf(' updatedAt  desc')], ['name', 'updated'])
    refused(() => sortOf('updatedAt'), '/orderBy')
  })

  it('refuses every other text, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...`tags=>'"\\ ,ANDor`), maxLength: 40 }), (filter) => {
        try {
          filtered(filter)
        } catch (error) {
          assert.ok(error instanceof ParleyError && error.code === 'invalid_params', filter)
        }
      }),
    )
  })
})

describe('a count of ARD', () => {
  const parse = (facets: readonly object[], query?: object) =>
    parseArdExplore(JSON.stringify({ resultType: { facets }, ...(query && { query }) }), URL)

  it('asks for every value of what agents differ in', () => {
    assert.deepEqual(parse([{ field: 'tags' }, { field: 'type' }, { field: 'tags' }]).query, {
      filters: { lifecycle: ['active'] },
      facets: ['tag'],
      facetValues: Number.POSITIVE_INFINITY,
      limit: 1,
    })
    refused(() => parse([{ field: 'tags' }, { field: 'owner' }]), '/resultType/facets/1/field')
  })

  it('shows what is frequent enough, up to the limit, and adds up the rest', () => {
    const counts = [5, 4, 3, 1].map((count) => ({ value: `tag-${count}`, count }))
    const page = { items: [], total: 9, totalCapped: false, facets: { tag: counts } }
    const asked = parse([{ field: 'tags', limit: 1, minCount: 2 }, { field: 'type' }])

    assert.deepEqual(ardExploreResult(page, asked, URL).facets, {
      tags: { buckets: [{ value: 'tag-5', count: 5 }], otherCount: 7 },
      type: { buckets: [{ value: TYPE, count: 9 }] },
    })
  })

  it('counts nothing where nothing is found', () => {
    const page = { items: [], total: 0, totalCapped: false }
    const asked = parse([{ field: 'type' }, { field: 'capabilities' }], { filter: { type: 'text/plain' } })

    assert.equal(asked.query, undefined)
    assert.deepEqual(ardExploreResult(page, asked, URL).facets, {
      type: { buckets: [] },
      capabilities: { buckets: [] },
    })
  })
})
