import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import canonicalize from 'canonicalize'
import { FlattenedSign, importJWK } from 'jose'
import { silentEvents } from '../../telemetry/events.ts'
import { cardValue } from '../open-registry.case.ts'
import { canonicalForms } from './canonical-forms.ts'
import { newSigningKey, signatureOf } from './signing-key.case.ts'
import { createTrustedKeys, type TrustedKeysDeps } from './trusted-keys.ts'
import { verifySignatures } from './verify-signatures.ts'

const card = {
  ...cardValue,
  name: 'Übersetzer 翻訳',
  description: '',
  capabilities: { streaming: true, extensions: [] },
  defaultInputModes: [],
}

const key = newSigningKey('key-1')
const stranger = newSigningKey('key-2')

const trusting = (deps: Partial<TrustedKeysDeps> = {}) =>
  createTrustedKeys({
    pinned: [key.publicKey],
    locations: [],
    source: { fetchKeys: () => Promise.reject(new Error('no keys there')) },
    events: silentEvents,
    now: () => 1_700_000_000_000,
    ...deps,
  })

const signed = (value: object, signatures: readonly unknown[]) => JSON.stringify({ ...value, signatures })

const verify = (text: string, keys = trusting()) => verifySignatures(text, keys, new AbortController().signal)

const wire = canonicalize(card) ?? ''

describe('the signatures of a card', () => {
  it('are none where there are none', async () => {
    assert.deepEqual(await verify(JSON.stringify(card)), { signatures: [], violations: [] })
    assert.deepEqual(await verify(signed(card, [])), { signatures: [], violations: [] })
  })

  it('are verified with a trusted key, in whichever form the publisher signed', async () => {
    for (const { form, text } of canonicalForms(JSON.stringify(card))) {
      const { signatures, violations } = await verify(signed(card, [await signatureOf(text, key)]))

      assert.deepEqual(violations, [])
      assert.deepEqual(signatures, [{ status: 'verified', keyId: 'key-1', algorithm: 'ES256', form }])
    }
  })

  it('are verified in every algorithm that is admitted', async () => {
    for (const algorithm of ['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256', 'PS256']) {
      const other = newSigningKey('key-3', algorithm)
      const text = signed(card, [await signatureOf(wire, other)])
      const { signatures } = await verify(text, trusting({ pinned: [other.publicKey] }))

      assert.deepEqual(signatures, [{ status: 'verified', keyId: 'key-3', algorithm, form: 'wire' }])
    }
  })

  it('are of the publisher’s words, however they are spaced and ordered', async () => {
    const spaced = JSON.stringify({ signatures: [await signatureOf(wire, key)], ...card }, null, 4)

    assert.equal((await verify(spaced)).signatures[0]?.status, 'verified')
  })

  it('are of the card and not of its encoding, which signatures without one would be of', async () => {
    const payload = Buffer.from(Buffer.from(wire).toString('base64url'))
    const { protected: header, signature } = await new FlattenedSign(payload)
      .setProtectedHeader({ alg: 'ES256', kid: 'key-1', b64: false, crit: ['b64'] })
      .sign(await importJWK(key.privateKey, 'ES256'))

    const { signatures, violations } = await verify(signed(card, [{ protected: header, signature }]))

    assert.deepEqual(signatures, [])
    assert.deepEqual(
      violations.map(({ code }) => code),
      ['signature'],
    )
  })

  it('are refused where a trusted key did not sign this card', async () => {
    const signature = await signatureOf(wire, key)
    const forged = await signatureOf(wire, {
      ...stranger,
      privateKey: { ...stranger.privateKey, kid: 'key-1' },
    })
    const broken = { ...signature, signature: signature.signature.slice(2) }
    const tampered: readonly string[] = [
      signed({ ...card, description: 'Better' }, [signature]),
      signed({ ...card, securitySchemes: { x: { mtlsSecurityScheme: {} } } }, [signature]),
      signed({ ...card, 'x-new': 1 }, [signature]),
      signed(card, [forged]),
      signed(card, [broken]),
    ]
    for (const text of tampered) {
      const { violations } = await verify(text)
      assert.deepEqual(
        violations.map(({ pointer, code }) => [pointer, code]),
        [['/signatures/0', 'signature']],
        text,
      )
    }
  })

  it('are each judged by themselves', async () => {
    const other = { ...card, version: '2' }
    const { signatures, violations } = await verify(
      signed(card, [
        await signatureOf(wire, stranger),
        await signatureOf(canonicalize(other) ?? '', key),
        await signatureOf(wire, key),
      ]),
    )

    assert.deepEqual(
      signatures.map(({ status, keyId }) => [status, keyId]),
      [
        ['untrusted', 'key-2'],
        ['verified', 'key-1'],
      ],
    )
    assert.deepEqual(
      violations.map(({ pointer }) => pointer),
      ['/signatures/1'],
    )
  })

  it('count for nothing with no algorithm, a shared secret, or no legible header', async () => {
    const headerOf = (header: unknown) => Buffer.from(JSON.stringify(header)).toString('base64url')
    const payload = Buffer.from(wire).toString('base64url')
    const none = { protected: headerOf({ alg: 'none', kid: 'key-1' }), signature: '' }
    const shared = headerOf({ alg: 'HS256', kid: 'key-1' })
    const secret = JSON.stringify(key.publicKey)
    const hmac = createHmac('sha256', secret).update(`${shared}.${payload}`).digest('base64url')
    const hidden = { ...(await signatureOf(wire, key, { kid: undefined })), header: { kid: 'key-1' } }
    const { signatures, violations } = await verify(
      signed(card, [none, { protected: shared, signature: hmac }, hidden, { protected: '!', signature: '' }]),
    )

    assert.deepEqual(violations, [])
    assert.deepEqual(signatures, [
      { status: 'untrusted', keyId: 'key-1', algorithm: 'none' },
      { status: 'untrusted', keyId: 'key-1', algorithm: 'HS256' },
      { status: 'untrusted' },
      { status: 'untrusted' },
    ])
  })

  it('need a key that is of use: not expired or revoked, for signatures, and of the algorithm’s kind', async () => {
    const text = signed(card, [await signatureOf(wire, key)])
    const statusWith = async (more: object) => {
      const keys = trusting({ pinned: [{ ...key.publicKey, ...more }] })
      return (await verify(text, keys)).signatures[0]?.status
    }

    assert.equal(await statusWith({ exp: 1_700_000_001 }), 'verified')
    for (const more of [
      { exp: 1_700_000_000 },
      { exp: 'never' },
      { revoked: { revoked_at: 1 } },
      { use: 'enc' },
      { alg: 'ES384' },
      { crv: 'P-384' },
      { kty: 'RSA' },
      { kid: 'key-9' },
    ]) {
      assert.equal(await statusWith(more), 'untrusted', JSON.stringify(more))
    }
  })

  it('are verified by any of several keys of one name', async () => {
    const twin = newSigningKey('key-1')
    const text = signed(card, [await signatureOf(wire, key)])
    const { signatures } = await verify(text, trusting({ pinned: [twin.publicKey, key.publicKey] }))

    assert.equal(signatures[0]?.status, 'verified')
  })
})
