import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ParleyError } from '../errors.ts'
import { cardText } from './open-registry.case.ts'
import { parseRegistration } from './parse-registration.ts'

const problems = (body: unknown): string[] => {
  try {
    parseRegistration(JSON.stringify(body))
  } catch (reason) {
    assert.ok(reason instanceof ParleyError)
    assert.equal(reason.code, 'invalid_registration')
    return reason.violations.map(({ pointer, code }) => `${pointer} ${code}`)
  }
  return []
}

describe('parseRegistration', () => {
  it('takes a bare card as its exact text', () => {
    const body = ` ${cardText({ 'x-big': 1 }).replace('"x-big":1', '"x-big": 12345678901234567890')}\n`

    assert.deepEqual(parseRegistration(body), { card: body, cardPointer: '' })
    assert.deepEqual(parseRegistration('{"name":"incomplete"}'), {
      card: '{"name":"incomplete"}',
      cardPointer: '',
    })
  })

  it('takes the exact text of an enclosed card, with options', () => {
    const body = '{ "slug": "echo", "card" : { "name" : "x", "n": 1.0 } , "visibility":"public" }'

    assert.deepEqual(parseRegistration(body), {
      card: '{ "name" : "x", "n": 1.0 }',
      cardPointer: '/card',
      slug: 'echo',
      visibility: 'public',
    })
  })

  it('takes where a card is, as cardUrl or as a lone url', () => {
    const options = {
      owner: 'key:ada',
      redelivery: 'at-least-once',
      cardProfile: 'v0.3',
      heartbeatTtlMs: 5000,
    }
    const cardUrl = 'http://localhost:41241'

    assert.deepEqual(parseRegistration(JSON.stringify({ cardUrl, ...options })), { cardUrl, ...options })
    assert.deepEqual(parseRegistration(JSON.stringify({ url: cardUrl })), { cardUrl })
    assert.deepEqual(parseRegistration(JSON.stringify({ url: cardUrl, ...options })), { cardUrl, ...options })
  })

  it('takes a card that has a url for a card', () => {
    const body = JSON.stringify({ url: 'https://a.example', name: 'Old', protocolVersion: '0.3.0' })

    assert.deepEqual(parseRegistration(body), { card: body, cardPointer: '' })
  })

  it('refuses unknown and contradictory members', () => {
    const cardUrl = 'https://a.example'

    assert.deepEqual(problems({ card: {}, cardUrl, 'a/b~c': 1 }).slice(0, 2), [
      '/a~1b~0c unknown_member',
      '/cardUrl contradiction',
    ])
    assert.deepEqual(problems({ cardUrl, url: cardUrl }), ['/url unknown_member'])
    assert.deepEqual(problems({ url: cardUrl, tags: [] }), ['/tags unknown_member'])
    assert.deepEqual(problems({ ...JSON.parse(cardText()), visibility: 'restricted' }), [
      '/visibility misplaced',
    ])
  })

  it('refuses wrong values, all at once and with those of the card', () => {
    const body = {
      card: { name: 'x', description: 'y' },
      slug: 'Register',
      visibility: 'all',
      cardProfile: 'v2',
      heartbeatTtlMs: 1,
      owner: '',
    }
    const found = problems(body)

    for (const problem of [
      '/slug slug',
      '/visibility enum',
      '/cardProfile enum',
      '/heartbeatTtlMs minimum',
      '/owner minLength',
    ]) {
      assert.ok(found.includes(problem), problem)
    }
    assert.ok(found.includes('/card/skills required'))
    assert.deepEqual(problems({ cardUrl: 'ftp://a.example', slug: 'register' }), [
      '/cardUrl url',
      '/slug reserved',
    ])
    assert.deepEqual(problems({ url: 7 }), ['/url type'])
    assert.deepEqual(problems({ card: 'https://a.example' }), ['/card type'])
  })

  it('says what is missing', () => {
    assert.deepEqual(problems({}), ['/card required'])
    assert.deepEqual(problems({ slug: 'echo' }), ['/card required'])
    for (const body of [[], null, 'https://a.example', 7]) assert.deepEqual(problems(body), [' type'])
  })

  it('answers any text with a registration or a ParleyError', () => {
    const name = fc.constantFrom('card', 'cardUrl', 'url', 'slug', 'owner', 'visibility', 'name', '__proto__')
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(name, fc.jsonValue()).map((value) => JSON.stringify(value)),
    )
    fc.assert(
      fc.property(body, (text) => {
        try {
          parseRegistration(text)
        } catch (reason) {
          assert.ok(reason instanceof ParleyError && reason.code !== 'internal')
        }
      }),
    )
  })
})
