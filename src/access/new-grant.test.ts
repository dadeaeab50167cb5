import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ParleyError } from '../errors.ts'
import { isSameGrant, parseNewGrant } from './new-grant.ts'

const pointersOf = (value: unknown): readonly string[] => {
  try {
    parseNewGrant(value)
  } catch (error) {
    assert.ok(error instanceof ParleyError && error.code === 'invalid_params', String(error))
    return error.violations.map(({ pointer }) => pointer)
  }
  return []
}

describe('a new grant', () => {
  it('is for a subject, whose name alone is that of an API key, for a group, or for everyone', () => {
    const to = (value: object) => parseNewGrant({ to: value, right: 'invoke' }).to

    assert.deepEqual(to({ subject: 'ada' }), { subject: 'key:ada' })
    assert.deepEqual(to({ subject: 'corp:Ada|1' }), { subject: 'corp:Ada|1' })
    assert.deepEqual(to({ group: 'corp:/Team One' }), { group: 'corp:/Team One' })
    assert.deepEqual(to({ everyone: true }), { everyone: true })
  })

  it('is refused with every problem named', () => {
    for (const [to, pointer] of [
      [{}, '/to'],
      [{ subject: 'ada', group: 'corp:ops' }, '/to'],
      [{ everyone: false }, '/to/everyone'],
      [{ group: 'ops' }, '/to/group'],
      [{ subject: 'two words' }, '/to/subject'],
      [{ subject: 'Corp:ada' }, '/to/subject'],
      [{ subject: 'group:corp:ops' }, '/to/subject'],
      [{ subject: `corp:${'x'.repeat(300)}` }, '/to/subject'],
      [undefined, '/to'],
    ] as const) {
      assert.deepEqual(pointersOf({ to, right: 'invoke' }), [pointer], JSON.stringify(to))
    }
    const to = { everyone: true }
    assert.deepEqual(pointersOf({ to, right: 'all' }), ['/right'])
    assert.deepEqual(pointersOf({ to, right: 'invoke', operations: [] }), ['/operations'])
    assert.deepEqual(pointersOf({ to, right: 'invoke', operations: ['Send'] }), ['/operations/0'])
    for (const right of ['discover', 'manage']) {
      assert.deepEqual(pointersOf({ to, right, operations: ['GetTask'] }), ['/operations'])
    }
    assert.deepEqual(pointersOf(['no object']), [''])
  })

  it('is the same in whatever order its operations came', () => {
    const grant = (operations?: readonly string[]) =>
      parseNewGrant({ to: { subject: 'ada' }, right: 'invoke', ...(operations && { operations }) })

    assert.ok(isSameGrant(grant(['GetTask', 'SendMessage']), grant(['SendMessage', 'GetTask'])))
    assert.ok(!isSameGrant(grant(['GetTask']), grant()))
  })
})
