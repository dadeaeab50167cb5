import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Type from 'typebox'
import { ParleyError } from '../errors.ts'
import { check, MAX_JSON_DEPTH, parseJson } from './wire.ts'

const code = (expected: string) => (error: unknown) => error instanceof ParleyError && error.code === expected

describe('parseJson', () => {
  it('reads JSON up to the depth limit and refuses what nests deeper', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

    assert.ok(Array.isArray(parseJson(nested(MAX_JSON_DEPTH))))
    assert.throws(() => parseJson(nested(MAX_JSON_DEPTH + 1)), code('invalid_params'))
  })

  it('refuses a bomb of brackets without parsing it', () => {
    assert.throws(() => parseJson('['.repeat(4_000_000)), code('invalid_params'))
  })

  it('says parse_error for what is no JSON', () => {
    for (const text of ['', 'nope', '{', '{"a":}', "{'a':1}", '"open', '[1,]', '\\', '}{']) {
      assert.throws(() => parseJson(text), code('parse_error'), text)
    }
  })
})

describe('check', () => {
  const Person = Type.Object({
    name: Type.String({ minLength: 1 }),
    mood: Type.Optional(Type.Enum(['good', 'bad'])),
    pets: Type.Optional(Type.Array(Type.Object({ name: Type.String(), legs: Type.Integer({ minimum: 0 }) }))),
  })
  const person = check(Person)

  it('returns the value itself when it fits', () => {
    const value = { name: 'Ann', unknown: 1 }

    assert.equal(person.parse(value), value)
    assert.deepEqual(person.violations(value), [])
  })

  it('names every violation with a JSON pointer', () => {
    const found = person.violations({
      mood: 'odd',
      pets: [{ name: 1, legs: 4 }, { name: 'Rex', legs: -1 }, {}],
    })

    assert.deepEqual(
      found.map(({ pointer, code }) => `${pointer} ${code}`).sort(),
      [
        '/mood enum',
        '/name required',
        '/pets/0/name type',
        '/pets/1/legs minimum',
        '/pets/2/legs required',
        '/pets/2/name required',
      ].sort(),
    )
  })

  it('points at the root when the value is no object at all', () => {
    for (const value of [undefined, null, 1, 'x', []]) {
      const [first] = person.violations(value)
      assert.equal(first?.pointer, '', JSON.stringify(value))
    }
  })

  it('throws invalid_params that carries the violations and names the first', () => {
    assert.throws(
      () => person.parse({ name: '', mood: 'odd' }),
      (error) => {
        assert.ok(error instanceof ParleyError)
        assert.equal(error.code, 'invalid_params')
        assert.equal(error.violations.length, 2)
        assert.match(error.message, /^\/(name|mood) .+\(and 1 more\)$/)
        return true
      },
    )
  })

  it('says which values an enum allows', () => {
    const [violation] = person.violations({ name: 'Ann', mood: 'odd' })

    assert.equal(violation?.message, 'must be one of good, bad')
  })

  it('looks for violations in the beginning of what is endless', () => {
    let looks = 0
    const pet = {
      get legs() {
        looks++
        return 4
      },
    }
    const pets = Array.from({ length: 300_000 }, () => pet)

    const found = person.violations({ name: 'Ann', pets })

    assert.deepEqual(found[0], { pointer: '/pets/0/name', code: 'required', message: 'is required' })
    assert.ok(looks < 100_000, `${looks} looks`)
  })

  it('says that something is wrong where it is too far behind to be found', () => {
    const pets: unknown[] = Array.from({ length: 30_000 }, () => ({ name: 'Rex', legs: 4 }))

    assert.deepEqual(person.violations({ name: 'Ann', pets }), [])
    const found = person.violations({ name: 'Ann', pets: [...pets, {}] })
    assert.deepEqual(
      found.map(({ pointer, code }) => [pointer, code]),
      [['', 'schema']],
    )
  })

  it('reports a bounded number of violations', () => {
    const found = person.violations({ name: 'Ann', pets: Array.from({ length: 5000 }, () => ({})) })

    assert.ok(found.length > 0 && found.length <= 100)
  })
})
