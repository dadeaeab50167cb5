import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { verifyAgentCardSignature } from '@a2a-js/sdk'
import canonicalize from 'canonicalize'
import { flattenedVerify, importJWK, type JWK } from 'jose'
import { cardValue } from '../open-registry.case.ts'
import { type CardSigner, createCardSigner } from './card-signer.ts'
import { newSigningKey } from './signing-key.case.ts'

const keysUrl = 'https://gw.example/.well-known/jwks.json'

/** Empty where 1.0 requires a value, with a member that 1.0 does not know, and beyond ASCII. */
const awkward = { ...cardValue, name: 'Übersetzer', description: '', skills: [], 'x-new': { a: [] } }

describe('a signer of cards', () => {
  let signer: CardSigner
  before(async () => {
    signer = await createCardSigner(newSigningKey('any').privateKey)
  })

  const sign = async (card: object, isLegacy = false) =>
    JSON.parse(await signer.sign(JSON.stringify(card), { keysUrl, isLegacy }))

  const publicJwk = () => (JSON.parse(signer.keys) as { keys: JWK[] }).keys[0] ?? {}
  const publicKey = () => importJWK(publicJwk(), 'ES256')

  /** Whether any of a card's signatures is of `payload`. */
  const isSigned = async (
    card: { signatures: { protected: string; signature: string }[] },
    payload: string,
  ) => {
    const key = await publicKey()
    const judged = await Promise.allSettled(
      card.signatures.map((signature) =>
        flattenedVerify({ ...signature, payload: Buffer.from(payload).toString('base64url') }, key),
      ),
    )
    return judged.some(({ status }) => status === 'fulfilled')
  }

  it('publishes the public half alone, under its thumbprint', () => {
    const { keys } = JSON.parse(signer.keys)

    assert.deepEqual(
      keys.map((key: object) => Object.keys(key).sort()),
      [['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']],
    )
    assert.equal(keys[0].kid, signer.keyId)
    assert.match(signer.keyId, /^[\w-]{43}$/)
  })

  it('signs the card exactly as it is, and says with what', async () => {
    const { signatures, ...card } = await sign(awkward)

    assert.deepEqual(card, awkward)
    assert.ok(await isSigned({ signatures }, canonicalize(card) ?? ''))
    assert.ok(!(await isSigned({ signatures }, canonicalize({ ...card, version: '2' }) ?? '')))
    for (const signature of signatures) {
      assert.deepEqual(JSON.parse(Buffer.from(signature.protected, 'base64url').toString()), {
        alg: 'ES256',
        kid: signer.keyId,
        typ: 'JOSE',
        jku: keysUrl,
      })
    }
  })

  it('satisfies the official SDK, which drops what is empty or unknown before it verifies', async (t) => {
    // The SDK tells of each signature that is not the one it looks for.
    t.mock.method(console, 'debug', () => {})
    const verify = verifyAgentCardSignature(async (kid, jku) => {
      assert.deepEqual([kid, jku], [signer.keyId, keysUrl])
      return publicJwk()
    })
    for (const card of [cardValue, awkward]) {
      const signed = await sign(card)
      await verify(signed)
      await assert.rejects(verify({ ...signed, name: 'Another' }), /No valid signatures/)
    }
  })

  it('replaces signatures, and signs a card of 0.3 with all that is in it', async () => {
    const legacy = { name: 'Old', url: 'https://gw.example', skills: [], signatures: [{ protected: 'x' }] }
    const { signatures, ...card } = await sign(legacy, true)

    assert.equal(signatures.length, 2)
    assert.ok(await isSigned({ signatures }, canonicalize(card) ?? ''))
    assert.ok(await isSigned({ signatures }, '{"name":"Old","url":"https://gw.example"}'))
  })

  it('signs once what every reader reads alike', async () => {
    assert.equal((await sign(cardValue)).signatures.length, 1)
  })

  it('leaves a card unsigned that has no canonical form', async () => {
    const text = '{"name":"\\ud800","signatures":[]}'

    assert.equal(await signer.sign(text, { keysUrl, isLegacy: false }), '{"name":"\\ud800"}')
  })

  it('is made with a private P-256 key only', async () => {
    const others = [
      {},
      newSigningKey('a', 'RS256').privateKey,
      { kty: 'EC', crv: 'P-256', x: '', y: '', d: '' },
    ]
    for (const key of others) {
      await assert.rejects(createCardSigner(key as JWK), { code: 'invalid_params' })
    }
  })
})
