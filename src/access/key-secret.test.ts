import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { hashOf, isSecretShaped, newSecret } from './key-secret.ts'

describe('key secrets', () => {
  it('carry 256 random bits behind a recognisable prefix', () => {
    const secret = newSecret(() => new Uint8Array(32).fill(255))

    assert.equal(secret, `parley_${'_'.repeat(42)}8`)
    assert.match(newSecret(randomBytes), /^parley_[A-Za-z0-9_-]{43}$/)
  })

  it('are kept as SHA-256 in hex', () => {
    assert.equal(hashOf('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  it('are visible ASCII of at most 512 characters', () => {
    assert.ok(isSecretShaped(newSecret(randomBytes)))
    for (const text of ['', 'two words', 'tab\t', 'ü', 'x'.repeat(513)]) {
      assert.equal(isSecretShaped(text), false, JSON.stringify(text))
    }
  })
})
