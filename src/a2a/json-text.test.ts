import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { around, writtenArray, writtenObject, writtenString, writtenValue } from './json-text.case.ts'
import {
  depthOf,
  elementsOf,
  hasRepeatedName,
  mapElements,
  membersOf,
  objectText,
  textOf,
  withMembers,
} from './json-text.ts'

type Plain = Readonly<Record<string, unknown>>

const parsed = (text: string): Plain => JSON.parse(text) as Plain

describe('membersOf and objectText', () => {
  it('take any object apart and put an equal one together', () => {
    fc.assert(
      fc.property(around(writtenObject(4)), ({ text }) => {
        assert.deepEqual(JSON.parse(objectText(membersOf(text))), JSON.parse(text))
      }),
    )
  })

  it('keep the exact text of every value', () => {
    fc.assert(
      fc.property(around(writtenObject(3)), ({ text }) => {
        for (const value of membersOf(text).values()) {
          assert.ok(text.includes(value))
          assert.equal(value, value.trim())
        }
      }),
    )
  })

  it('let the last of a repeated name win, however it is spelled', () => {
    const members = membersOf('{"a":1,"b":2,"\\u0061":3}')

    assert.deepEqual(
      [...members],
      [
        ['b', '2'],
        ['a', '3'],
      ],
    )
  })

  it('treat no name specially', () => {
    const members = membersOf('{"__proto__":{"x":1},"constructor":2}')

    assert.equal(objectText(members), '{"__proto__":{"x":1},"constructor":2}')
  })

  it('leave out members that are undefined', () => {
    const text = objectText([
      ['a', '1'],
      ['b', undefined],
    ])

    assert.equal(text, '{"a":1}')
  })
})

describe('elementsOf', () => {
  it('takes any array apart into the exact text of its elements', () => {
    fc.assert(
      fc.property(around(writtenArray(4)), ({ text }) => {
        const elements = elementsOf(text)

        assert.deepEqual(
          elements.map((element): unknown => JSON.parse(element)),
          JSON.parse(text),
        )
        for (const element of elements) assert.ok(text.includes(element))
      }),
    )
  })
})

describe('mapElements', () => {
  it('puts an array together of what became of its elements', () => {
    assert.equal(
      mapElements('[ 1.0 , "a,b", {} ]', (element, index) => `[${element},${index}]`),
      '[[1.0,0],["a,b",1],[{},2]]',
    )
    assert.equal(mapElements(' [ ] ', String), '[]')
  })
})

describe('withMembers', () => {
  it('changes what it is told and leaves the exact text of all else', () => {
    fc.assert(
      fc.property(writtenObject(3), writtenString, ({ text }, value) => {
        const before = membersOf(text)

        const after = membersOf(withMembers(text, { a: value, b: undefined }))

        assert.equal(after.get('a'), value)
        assert.equal(after.has('b'), false)
        for (const [name, kept] of before) {
          if (name !== 'a' && name !== 'b') assert.equal(after.get(name), kept)
        }
        const others = (names: Iterable<string>) => [...names].filter((name) => name !== 'a' && name !== 'b')
        assert.deepEqual(others(after.keys()), others(before.keys()))
      }),
    )
  })

  it('replaces a member where it stands', () => {
    assert.equal(withMembers('{"x": 1.0 , "y":2}', { x: '3' }), '{"x":3,"y":2}')
  })
})

describe('depthOf', () => {
  it('counts as a parse would', () => {
    fc.assert(
      fc.property(around(writtenValue), ({ text, depth }) => {
        assert.equal(depthOf(text, 64), depth)
      }),
    )
  })

  it('stops just beyond the limit', () => {
    assert.equal(depthOf('['.repeat(1_000_000), 64), 65)
    assert.equal(depthOf(`${'['.repeat(64)}${']'.repeat(64)}`, 64), 64)
  })

  it('never throws and always ends, whatever the text', () => {
    const hostile = fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', 'a'), maxLength: 40 })

    fc.assert(
      fc.property(hostile, (text) => {
        assert.ok(depthOf(text, 8) <= 9)
      }),
    )
  })
})

describe('hostile strings', () => {
  // A quadratic scan of these would take minutes and trip the runner's timeout.
  const size = 4_000_000
  const texts = {
    'backslashes before the closing quote': `"${'\\\\'.repeat(size / 2)}"`,
    'nothing but escaped quotes': `"${'\\"'.repeat(size / 2)}"`,
    'runs of backslashes and escaped quotes': `"${'\\\\\\\\\\"'.repeat(size / 6)}"`,
  }
  for (const [name, value] of Object.entries(texts)) {
    it(`are read in one pass: ${name}`, () => {
      const text = `{"a":${value},"b":[${value}]}`

      assert.equal(depthOf(text, 64), 2)
      assert.equal(membersOf(text).get('a'), value)
      assert.deepEqual(elementsOf(membersOf(text).get('b') ?? ''), [value])
    })
  }

  it('are read in one pass: unclosed and full of quotes', () => {
    assert.equal(depthOf(`"${'\\"'.repeat(size)}`, 64), 0)
    assert.equal(depthOf('"\\'.repeat(size), 64), 0)
  })
})

describe('textOf', () => {
  it('prints what membersOf reads', () => {
    const value = { text: 'a "b" \\ c', list: [null, 1, { deep: true }] }

    assert.deepEqual(parsed(textOf(value)), value)
    assert.equal(membersOf(textOf(value)).get('list'), '[null,1,{"deep":true}]')
  })
})

describe('hasRepeatedName', () => {
  it('finds two members of one name, wherever and however they are written', () => {
    for (const text of [
      '{"a":1,"a":1}',
      '{"a":1,"b":{"c":[{"d":1,"d":2}]}}',
      '{"a":1,"\\u0061":2}',
      '{ "a" : 1 , "a" : 2 }',
      '{"__proto__":1,"__proto__":1}',
      '[{"a":{},"a":{}}]',
    ]) {
      assert.ok(hasRepeatedName(text), text)
    }
  })

  it('finds none where names only look alike', () => {
    for (const text of [
      '{}',
      '{"a":{"a":{"a":1}},"A":1}',
      '[{"a":1},{"a":1}]',
      '{"a":"a","b":["a","a","a"]}',
      '{"a":"\\",\\"a\\":1","b":"{\\"a\\":1,\\"a\\":2}"}',
    ]) {
      assert.ok(!hasRepeatedName(text), text)
    }
  })
})
