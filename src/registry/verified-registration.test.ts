import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import canonicalize from 'canonicalize'
import type { ParleyError } from '../errors.ts'
import { silentEvents } from '../telemetry/events.ts'
import { as, cardText, cardValue, openRegistry } from './open-registry.case.ts'
import { newSigningKey, signatureOf } from './signatures/signing-key.case.ts'
import { createTrustedKeys } from './signatures/trusted-keys.ts'

const ada = as('key:ada')
const key = newSigningKey('key-1')

const open = () =>
  openRegistry({
    trustedKeys: createTrustedKeys({
      pinned: [key.publicKey],
      locations: [],
      source: { fetchKeys: () => Promise.reject(new Error('nothing there')) },
      events: silentEvents,
      now: () => 0,
    }),
  })

describe('registering a signed card', () => {
  it('keeps what came of its signatures, until the next one', async () => {
    const { registry } = await open()
    const signatures = [await signatureOf(canonicalize(cardValue) ?? '', key)]
    const signed = await registry.register(ada, { card: cardText({ signatures }), slug: 'echo' })
    const found = [{ status: 'verified', keyId: 'key-1', algorithm: 'ES256', form: 'wire' }]

    assert.deepEqual(signed.agent.signatures, found)
    assert.deepEqual((await registry.find(signed.agent.id))?.signatures, found)
    const unsigned = await registry.register(ada, { card: cardText(), slug: 'echo' })
    assert.equal('signatures' in unsigned.agent, false)
  })

  it('is refused with all reasons, a signature that a trusted key did not make among them', async () => {
    const { registry } = await open()
    const signatures = [await signatureOf('{}', key)]
    const card = cardText({ name: ' ', signatures })
    const refused = registry.register(ada, { card, cardPointer: '/card', slug: 'register' })

    await assert.rejects(refused, (error: ParleyError) => {
      assert.equal(error.code, 'invalid_registration')
      assert.deepEqual(
        error.violations.map(({ pointer }) => pointer),
        ['/slug', '/card/name', '/card/signatures/0'],
      )
      return true
    })
    assert.equal((await registry.search(ada, { limit: 1 })).total, 0)
  })

  it('says which signatures are none', async () => {
    const { registry } = await open()
    const card = cardText({ signatures: [{ protected: 'x' }, 7] })

    await assert.rejects(registry.register(ada, { card }), (error: ParleyError) => {
      assert.deepEqual(
        error.violations.map(({ pointer }) => pointer),
        ['/signatures/0/signature', '/signatures/1'],
      )
      return true
    })
  })
})
