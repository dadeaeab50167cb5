import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { assertOpenable } from '../sealed-secrets.ts'
import { createVault, masterKey } from '../vault.ts'
import { openSigningKeys, publishedBy, someVault } from './open-signing-keys.case.ts'
import { sealedSigningKeys } from './sealed-signing-keys.ts'

const [old, next] = [masterKey(Buffer.alloc(32, 1)), masterKey(Buffer.alloc(32, 2))]
const both = createVault({ keys: [next, old], randomBytes })
const onlyNew = createVault({ keys: [next], randomBytes })

describe('signing keys under a new master key', () => {
  it('are sealed anew, stay the same keys, and need the old one no more', async () => {
    const { store, keys, open } = openSigningKeys()
    await keys.rotate('service', false)
    await keys.rotate('service', false)
    const before = await publishedBy(keys)
    const secrets = sealedSigningKeys(store, both)
    assert.deepEqual(await secrets.masterKeyIds(), [old.id])

    assert.equal(await secrets.resealAll(), before.length)

    assert.deepEqual(await secrets.masterKeyIds(), [next.id])
    assert.deepEqual(await publishedBy(open(onlyNew)), before)
    await open(onlyNew).signer('service')
  })

  it('are left alone when that was done', async () => {
    const { store, keys } = openSigningKeys()
    await keys.signer('service')
    const secrets = sealedSigningKeys(store, both)
    await secrets.resealAll()
    const stored = await store.find('service')

    assert.equal(await secrets.resealAll(), 0)
    assert.deepEqual(await store.find('service'), stored)
  })

  it('survive that a gateway rotates meanwhile', async () => {
    const { store, keys, open } = openSigningKeys()
    const secrets = sealedSigningKeys(store, both)
    const { keyId } = await keys.signer('service')

    const [{ id }] = await Promise.all([keys.rotate('service', false), secrets.resealAll()])
    await secrets.resealAll()

    assert.deepEqual(await publishedBy(open(onlyNew), 'service'), [keyId, id])
    assert.deepEqual(await secrets.masterKeyIds(), [next.id])
  })

  it('cannot be opened, and say so, without the master key that sealed them', async () => {
    const { store, keys, open } = openSigningKeys()
    await keys.signer('service')

    await assertOpenable(someVault, [sealedSigningKeys(store, someVault)])
    await assert.rejects(assertOpenable(onlyNew, [sealedSigningKeys(store, onlyNew)]), /master key/)
    await assert.rejects(open(onlyNew).signer('service'), { code: 'internal' })
  })

  it('do not open in the place of each other', async () => {
    const { store, keys, open } = openSigningKeys()
    await keys.signer('service')
    await keys.rotate('service', false)
    const ring = await store.find('service')
    const [one, two] = ring?.keys ?? []
    if (ring === undefined || one === undefined || two === undefined) return assert.fail()

    await store.commit({
      ring: { ...ring, version: ring.version + 1, keys: [{ ...one, sealed: two.sealed }, two] },
      expectedVersion: ring.version,
    })

    await assert.rejects(open().signer('service'), { code: 'internal' })
  })
})
