import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { normaliseTimestamp } from './timestamp.ts'

describe('normaliseTimestamp', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['2023-10-27T10:00:00.000Z', '2023-10-27T10:00:00.000Z'],
    ['2023-10-27T10:00:00Z', '2023-10-27T10:00:00.000Z'],
    ['2023-10-27T10:00:00', '2023-10-27T10:00:00.000Z'],
    ['2023-10-27T10:00:00.123456', '2023-10-27T10:00:00.123Z'],
    ['2023-10-27T10:00:00.999999999Z', '2023-10-27T10:00:00.999Z'],
    ['2023-10-27 10:00:00.5+00:00', '2023-10-27T10:00:00.500Z'],
    ['2023-10-27T10:00:00+02:00', '2023-10-27T08:00:00.000Z'],
    ['2023-10-27T10:00:00-0530', '2023-10-27T15:30:00.000Z'],
    ['2023-10-27t10:00z', '2023-10-27T10:00:00.000Z'],
    ['2023-10-27', '2023-10-27T00:00:00.000Z'],
    ['2023-13-27T10:00:00Z', undefined],
    ['0000-01-01T00:00:00+23:00', undefined],
    ['yesterday', undefined],
    ['', undefined],
  ]
  for (const [written, expected] of cases) {
    it(`reads ${JSON.stringify(written)} as ${expected ?? 'no time'}`, () => {
      assert.equal(normaliseTimestamp(written), expected)
    })
  }
})
