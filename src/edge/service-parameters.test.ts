import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { extensionsOf } from './service-parameters.ts'

const headers = (all: Readonly<Record<string, string>>) => ({ header: (name: string) => all[name] })

describe('the extensions a client declares', () => {
  it('are in either header, each once', () => {
    const declared = extensionsOf(
      headers({ 'a2a-extensions': 'urn:a, urn:b,,urn:a', 'x-a2a-extensions': 'urn:c' }),
    )

    assert.deepEqual(declared, ['urn:a', 'urn:b', 'urn:c'])
    assert.deepEqual(extensionsOf(headers({})), [])
  })

  it('are those that a header of any binding can carry back', () => {
    assert.deepEqual(extensionsOf(headers({ 'a2a-extensions': 'urn:caf\u00e9, urn:a b, urn:a' })), ['urn:a'])
  })
})
