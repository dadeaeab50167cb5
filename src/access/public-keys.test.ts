import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import type { JWK } from 'jose'
import { parseKeySet, verifies } from './public-keys.ts'

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const publicKey = pair.publicKey.export({ format: 'jwk' }) as JWK
const privateKey = pair.privateKey.export({ format: 'jwk' }) as JWK

describe('public keys', () => {
  it('are read from a set of public keys alone', () => {
    assert.deepEqual(parseKeySet(JSON.stringify({ keys: [publicKey] })), [publicKey])
    assert.throws(() => parseKeySet('{"keys":7}', 'The file'), {
      code: 'invalid_params',
      message: /^The file/,
    })
    for (const key of [privateKey, { kty: 'oct', k: 'c2VjcmV0' }]) {
      assert.throws(() => parseKeySet(JSON.stringify({ keys: [key] })), /public keys only/)
    }
  })

  it('verify what their kind, use and life allow', () => {
    const cases: readonly (readonly [boolean, object])[] = [
      [true, {}],
      [true, { use: 'sig', alg: 'ES256', exp: 1 }],
      [false, { use: 'enc' }],
      [false, { alg: 'ES384' }],
      [false, { crv: 'P-384' }],
      [false, { kty: 'RSA' }],
      [false, { exp: 0.5 }],
      [false, { exp: '9' }],
      [false, { revoked: { reason: 'lost' } }],
    ]
    for (const [fits, more] of cases) {
      assert.equal(verifies({ ...publicKey, ...more } as JWK, 'ES256', 500), fits, JSON.stringify(more))
    }
  })
})
