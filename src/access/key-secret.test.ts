import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hashOf, isMistyped, isSecretShaped, newSecret } from './key-secret.ts'

describe('key secrets', () => {
  it('carry 256 random bits and a checksum behind a recognisable prefix', () => {
    const least = newSecret(() => new Uint8Array(32))
    const most = newSecret(() => new Uint8Array(32).fill(255))

    // CRC-32 as every library computes it, in base 62.
    assert.equal(least, `parley_${'0'.repeat(43)}1f36Ld`)
    assert.match(most, /^parley_[0-9A-Za-z]{49}$/)
    assert.equal(new Set(Array.from({ length: 100 }, () => newSecret(randomBytes))).size, 100)
  })

  it('are told from each other whatever their bytes are', () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const [first, second] = [newSecret(() => a), newSecret(() => b)]
        assert.equal(first === second, Buffer.compare(a, b) === 0)
        assert.ok(!isMistyped(first) && isSecretShaped(first))
      }),
    )
  })

  it('show that a character was mistyped, or two exchanged', () => {
    const secret = newSecret(() => Buffer.from('0123456789abcdef0123456789abcdef'))
    const from = 'parley_'.length

    for (let at = from; at < secret.length; at++) {
      for (const char of ['0', 'Z', 'a', 'x']) {
        const typed = `${secret.slice(0, at)}${char}${secret.slice(at + 1)}`
        assert.equal(isMistyped(typed), typed !== secret, typed)
      }
      const [one = '', two = ''] = secret.slice(at, at + 2)
      const exchanged = `${secret.slice(0, at)}${two}${one}${secret.slice(at + 2)}`
      assert.equal(isMistyped(exchanged), exchanged !== secret, exchanged)
    }
  })

  it('may have been made elsewhere, in another form', () => {
    for (const other of ['chosen', `parley_${'x'.repeat(43)}`, `parley_${'-'.repeat(49)}`, 'a.b.c']) {
      assert.equal(isMistyped(other), false, other)
    }
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
