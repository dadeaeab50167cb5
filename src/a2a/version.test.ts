import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findVersion } from './version.ts'

describe('findVersion', () => {
  for (const [text, version] of [
    ['1.0', '1.0'],
    ['1', '1.0'],
    ['1.0.1', '1.0'],
    ['01.00', '1.0'],
    ['0.3', '0.3'],
    ['0.3.0', '0.3'],
    ['0', undefined],
    ['0.2.5', undefined],
    ['1.1', undefined],
    ['2.0', undefined],
    ['', undefined],
    ['1.0-beta', undefined],
    ['1.0.0.0', undefined],
    [' 1.0', undefined],
  ] as const) {
    it(`reads ${JSON.stringify(text)} as ${version}`, () => {
      assert.equal(findVersion(text), version)
    })
  }
})
