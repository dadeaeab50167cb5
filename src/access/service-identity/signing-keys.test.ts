import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { calculateJwkThumbprint, compactVerify, createLocalJWKSet, decodeProtectedHeader } from 'jose'
import { DAY_MS, MINUTE_MS, openSigningKeys, publishedBy, T0 } from './open-signing-keys.case.ts'
import type { Signer } from './signer.ts'
import { SIGNING_USES } from './signing-key-store.ts'

const newJwk = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })

const compact = (signer: Signer, text = '{}') => {
  const signed = signer.sign(text)
  return `${signed.protected}.${signed.payload}.${signed.signature}`
}

describe('signing keys', () => {
  it('are made when they are needed first, and sign at once', async () => {
    const { keys, made } = openSigningKeys()

    const signer = await keys.signer('service')

    assert.deepEqual(await publishedBy(keys, 'service'), [signer.keyId])
    assert.deepEqual(made, [{ use: 'service', keyId: signer.keyId, signsFrom: T0 }])
  })

  it('are others for each use, each with a type of its own', async () => {
    const { keys } = openSigningKeys()
    const signers = await Promise.all(SIGNING_USES.map((use) => keys.signer(use)))

    assert.equal(new Set(signers.map(({ keyId }) => keyId)).size, 3)
    assert.deepEqual(
      signers.map((signer) => decodeProtectedHeader(compact(signer)).typ),
      ['at+jwt', 'parley-webhook+jwt', 'JOSE'],
    )
    for (const use of SIGNING_USES) {
      const set = createLocalJWKSet(JSON.parse(await keys.publicKeys(use)))
      const judged = await Promise.allSettled(signers.map((signer) => compactVerify(compact(signer), set)))
      const verified = SIGNING_USES.filter((_, index) => judged[index]?.status === 'fulfilled')
      assert.deepEqual(verified, [use])
    }
  })

  it('let no header change what a signature is for', async () => {
    const { keys } = openSigningKeys()
    const signer = await keys.signer('card')
    const header = { typ: 'at+jwt', alg: 'none', kid: 'x', jku: 'https://gw.example/jwks' }

    const { protected: written } = signer.sign('{}', header)

    assert.deepEqual(decodeProtectedHeader(`${written}..`), {
      typ: 'JOSE',
      alg: 'ES256',
      kid: signer.keyId,
      jku: 'https://gw.example/jwks',
    })
  })

  it('are published by their thumbprint, the public half alone', async () => {
    const { keys } = openSigningKeys()
    await keys.signer('service')
    const set: { keys: Record<string, string>[] } = JSON.parse(await keys.publicKeys())

    assert.equal(set.keys.length, 3)
    for (const key of set.keys) {
      assert.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
      assert.equal(key.kid, await calculateJwkThumbprint(key))
    }
  })

  it('are stored without anything of their private half', async () => {
    const { keys, store } = openSigningKeys()
    const jwk = newJwk()
    await keys.adopt('card', jwk, T0)

    const text = JSON.stringify(await store.find('card'))

    assert.ok(!text.includes(String(jwk.d)) && !/PRIVATE/.test(text))
    assert.ok(text.includes(String(jwk.x)))
  })

  it('are the same in processes that start at once', async () => {
    const { open, made } = openSigningKeys()
    const processes = Array.from({ length: 8 }, () => open())

    const signers = await Promise.all(processes.map((keys) => keys.signer('service')))

    assert.equal(new Set(signers.map(({ keyId }) => keyId)).size, 1)
    assert.equal(made.length, 1)
  })
})

describe('rotation of signing keys', () => {
  it('publishes a key before it signs, and the old one after it did', async () => {
    const { keys, clock } = openSigningKeys()
    const old = (await keys.signer('service')).keyId
    const { id: next } = await keys.rotate('service', false)

    assert.equal((await keys.signer('service')).keyId, old)
    assert.deepEqual(await publishedBy(keys, 'service'), [old, next])

    clock.now += 15 * MINUTE_MS - 1
    assert.equal((await keys.signer('service')).keyId, old)
    clock.now += 1
    assert.equal((await keys.signer('service')).keyId, next)
    assert.deepEqual(await publishedBy(keys, 'service'), [old, next])

    clock.now += 60 * MINUTE_MS
    assert.deepEqual(await publishedBy(keys, 'service'), [next])
  })

  it('keeps what cards were signed with for as long as copies of them may be about', async () => {
    const { keys, clock } = openSigningKeys()
    const old = (await keys.signer('card')).keyId
    await keys.rotate('card', false)

    clock.now += 15 * MINUTE_MS + 90 * DAY_MS - 1
    assert.ok((await publishedBy(keys, 'card')).includes(old))
    clock.now += 1
    assert.ok(!(await publishedBy(keys, 'card')).includes(old))
  })

  it('happens by itself when a key has signed for long enough, and then only once', async () => {
    const { keys, open, clock, made } = openSigningKeys()
    const old = (await keys.signer('service')).keyId

    clock.now += 30 * DAY_MS - 1
    await keys.signer('service')
    assert.equal(made.length, 1)

    clock.now += MINUTE_MS
    const others = [keys, open(), open()]
    const signers = await Promise.all(others.map((each) => each.signer('service')))
    assert.deepEqual(
      signers.map(({ keyId }) => keyId),
      [old, old, old],
    )
    assert.equal(made.length, 2)

    clock.now += 15 * MINUTE_MS
    const later = await Promise.all(others.map((each) => each.signer('service')))
    assert.equal(made.length, 2)
    for (const { keyId } of later) assert.equal(keyId, made[1]?.keyId)
  })

  it('is noticed by other processes within half a minute, long before the new key signs', async () => {
    const { keys, open, clock } = openSigningKeys()
    const other = open()
    const old = await publishedBy(other, 'service')
    const { id: next } = await keys.rotate('service', false)

    assert.deepEqual(await publishedBy(other, 'service'), old)
    clock.now += 30_000
    assert.deepEqual(await publishedBy(other, 'service'), [...old, next])
  })

  it('of a compromised key leaves nothing of it, and the new one signs at once', async () => {
    const { keys, open, clock } = openSigningKeys()
    const other = open()
    await other.signer('service')
    await keys.rotate('service', false)

    const { id: next } = await keys.rotate('service', true)

    assert.equal((await keys.signer('service')).keyId, next)
    assert.deepEqual(await publishedBy(keys, 'service'), [next])
    clock.now += 30_000
    assert.equal((await other.signer('service')).keyId, next)
  })

  it('leaves the keys of other uses alone', async () => {
    const { keys } = openSigningKeys()
    const before = await publishedBy(keys, 'card')

    await keys.rotate('service', true)

    assert.deepEqual(await publishedBy(keys, 'card'), before)
  })

  it('loses no key when several processes rotate at once', async () => {
    const { open, clock } = openSigningKeys()
    const processes = Array.from({ length: 5 }, () => open())

    const rotated = await Promise.all(processes.map((keys) => keys.rotate('service', false)))

    clock.now += 30_000
    const published = await publishedBy(open(), 'service')
    for (const { id } of rotated) assert.ok(published.includes(id))
  })
})

describe('what becomes of signing keys', () => {
  it('is in the audit log, with the change itself', async () => {
    const { keys, clock, audit } = openSigningKeys()
    const { keyId: first } = await keys.signer('service')
    clock.now += 30 * DAY_MS
    await keys.signer('service')
    const [, second] = await publishedBy(keys, 'service')
    const { id: third } = await keys.rotate('service', true)

    const entries = await audit.list({ tenant: 'default' }, 10)

    assert.deepEqual(
      entries.toReversed().map(({ action, target, details }) => [action, target.id, details?.compromised]),
      [
        ['signing_key.create', first, undefined],
        ['signing_key.rotate', second, undefined],
        ['signing_key.rotate', third, 'true'],
      ],
    )
    for (const { details } of entries) assert.equal(details?.use, 'service')
  })

  it('is written once when several processes find a key due', async () => {
    const { open, clock, audit } = openSigningKeys()
    await open().signer('card')
    clock.now += 30 * DAY_MS

    await Promise.all([open(), open(), open()].map((keys) => keys.signer('card')))

    assert.equal(await audit.count({ tenant: 'default', action: 'signing_key.rotate' }, 10), 1)
  })
})

describe('a signing key that was kept elsewhere', () => {
  it('is taken in once, and signs on', async () => {
    const { keys, made } = openSigningKeys()
    const jwk = newJwk()
    const id = await calculateJwkThumbprint(jwk)

    assert.equal(await keys.adopt('card', jwk, T0 - DAY_MS), true)
    assert.equal(await keys.adopt('card', jwk, T0 - DAY_MS), true)

    assert.equal((await keys.signer('card')).keyId, id)
    assert.equal(made.length, 1)
  })

  it('is left where it is when there are others', async () => {
    const { keys } = openSigningKeys()
    const { keyId } = await keys.signer('card')

    assert.equal(await keys.adopt('card', newJwk(), T0), false)
    assert.deepEqual(await publishedBy(keys, 'card'), [keyId])
  })

  it('is refused when it cannot sign for us', async () => {
    const { keys } = openSigningKeys()
    const { d: _, ...publicHalf } = newJwk()
    const other = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })

    for (const jwk of [publicHalf, other, { kty: 'EC' }, {}]) {
      await assert.rejects(keys.adopt('card', jwk, T0), { code: 'invalid_params' })
    }
  })
})
