import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { verifyAgentCardSignature } from '@a2a-js/sdk'
import canonicalize from 'canonicalize'
import { flattenedVerify, importJWK, type JWK } from 'jose'
import { openSigningKeys } from '../../access/service-identity/open-signing-keys.case.ts'
import type { Signer } from '../../access/service-identity/signer.ts'
import { cardValue } from '../open-registry.case.ts'
import { signCard } from './sign-card.ts'

const keysUrl = 'https://gw.example/.well-known/jwks.json'

/** Empty where 1.0 requires a value, with a member that 1.0 does not know, and beyond ASCII. */
const awkward = { ...cardValue, name: 'Übersetzer', description: '', skills: [], 'x-new': { a: [] } }

describe('signing a card', () => {
  let signer: Signer
  let keySet: { keys: JWK[] }
  before(async () => {
    const { keys } = openSigningKeys()
    signer = await keys.signer('card')
    keySet = JSON.parse(await keys.publicKeys('card'))
  })

  const sign = (card: object, isLegacy = false) =>
    JSON.parse(signCard(JSON.stringify(card), signer, { keysUrl, isLegacy }))

  const publicJwk = () => keySet.keys[0] ?? {}
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

  it('is done of the card exactly as it is, and says with what', async () => {
    const { signatures, ...card } = sign(awkward)

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
      const signed = sign(card)
      await verify(signed)
      await assert.rejects(verify({ ...signed, name: 'Another' }), /No valid signatures/)
    }
  })

  it('replaces signatures, and is done of all that is in a card of 0.3', async () => {
    const legacy = { name: 'Old', url: 'https://gw.example', skills: [], signatures: [{ protected: 'x' }] }
    const { signatures, ...card } = sign(legacy, true)

    assert.equal(signatures.length, 2)
    assert.ok(await isSigned({ signatures }, canonicalize(card) ?? ''))
    assert.ok(await isSigned({ signatures }, '{"name":"Old","url":"https://gw.example"}'))
  })

  it('is done once where every reader reads alike', () => {
    assert.equal(sign(cardValue).signatures.length, 1)
  })

  it('is not done where a card has no canonical form', () => {
    const text = '{"name":"\\ud800","signatures":[]}'

    assert.equal(signCard(text, signer, { keysUrl, isLegacy: false }), '{"name":"\\ud800"}')
  })
})
