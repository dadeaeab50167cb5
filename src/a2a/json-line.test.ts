import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { linesOf } from './json-line.ts'
import { pointerTo } from './wire.ts'

const text = `{
  "name": "a\\n}",
  "skills": [
    {"id": "one"},
    {
      "id": "two"
    }
  ],
  "a/b~c": {
    "x": 1
  }
}`

const lineOf = (text: string, pointer: string) => linesOf(text, [pointer])[0] ?? 0

describe('linesOf', () => {
  it('finds what a pointer leads to', () => {
    const expected: Readonly<Record<string, number>> = {
      '': 1,
      '/name': 2,
      '/skills': 3,
      '/skills/0': 4,
      '/skills/0/id': 4,
      '/skills/1': 5,
      '/skills/1/id': 6,
      '/a~1b~0c/x': 10,
    }
    assert.deepEqual(linesOf(text, Object.keys(expected)), Object.values(expected))
  })

  it('stops where the way ends', () => {
    const expected: Readonly<Record<string, number>> = {
      '/version': 1,
      '/skills/1/name': 5,
      '/skills/7': 3,
      '/name/x/y': 2,
    }
    assert.deepEqual(linesOf(text, Object.keys(expected)), Object.values(expected))
  })

  it('takes the last of members of one name, as JSON.parse does', () => {
    assert.deepEqual(linesOf('{"a":1,\n"a":2,\n"b":3}', ['/b', '/a']), [3, 2])
    assert.deepEqual(linesOf('{"a":\n{"x":\n1},\n"a":{}}', ['/a/x']), [4])
  })

  it('finds every member of any object, however it is written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const lines = JSON.stringify(value, null, 1).split('\n')
        for (const name of Object.keys(value)) {
          const line = lines[lineOf(lines.join('\n'), pointerTo(name)) - 1] ?? ''
          assert.ok(line.startsWith(` ${JSON.stringify(name)}:`), name)
        }
      }),
    )
  })
})
