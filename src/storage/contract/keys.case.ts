import assert from 'node:assert/strict'
import { it } from 'node:test'
import { newUuid } from '../../a2a/ids.ts'
import type { ApiKey } from '../../access/key-store.ts'
import type { Cases } from './describe-backend.ts'
import { T0 } from './sample-task.ts'

const sampleKey = (changes: Partial<ApiKey> = {}): ApiKey => ({
  id: newUuid(),
  hash: newUuid(),
  tenant: 'default',
  subject: 'key:alice',
  scopes: ['tasks:read', 'admin'],
  label: 'laptop',
  createdAt: T0,
  version: 1,
  ...changes,
})

export const keyCases: Cases = ({ open }) => {
  it('returns a key as it was committed, by id and by hash', async (t) => {
    const { keys } = await open(t)
    const key = sampleKey({ expiresAt: T0 + 1 })

    assert.equal(await keys.commit({ key, expectedVersion: 0 }), true)

    assert.deepEqual(await keys.find(key.id), key)
    assert.deepEqual(await keys.findByHash(key.hash), key)
    assert.equal(await keys.find('missing'), undefined)
    assert.equal(await keys.findByHash('missing'), undefined)
  })

  it('refuses a commit made from a stale read', async (t) => {
    const { keys } = await open(t)
    const key = sampleKey()
    const revoked = { ...key, revokedAt: T0 + 5, version: 2 }

    assert.equal(await keys.commit({ key, expectedVersion: 1 }), false)
    assert.equal(await keys.commit({ key, expectedVersion: 0 }), true)
    assert.equal(await keys.commit({ key, expectedVersion: 0 }), false)
    assert.equal(await keys.commit({ key: revoked, expectedVersion: 1 }), true)
    assert.deepEqual(await keys.findByHash(key.hash), revoked)
  })

  it('refuses a hash that another key has, and frees the hash a key gives up', async (t) => {
    const { keys } = await open(t)
    const key = sampleKey({ hash: 'h1' })
    const other = sampleKey({ hash: 'h1' })

    assert.equal(await keys.commit({ key, expectedVersion: 0 }), true)
    assert.equal(await keys.commit({ key: other, expectedVersion: 0 }), false)
    assert.equal(await keys.commit({ key: { ...key, hash: 'h2', version: 2 }, expectedVersion: 1 }), true)
    assert.equal(await keys.findByHash('h1'), undefined)
    assert.equal(await keys.commit({ key: other, expectedVersion: 0 }), true)
    assert.equal((await keys.findByHash('h1'))?.id, other.id)
  })

  it('lists the keys of one tenant in pages by id', async (t) => {
    const { keys } = await open(t)
    const own = Array.from({ length: 5 }, () => sampleKey())
    for (const key of [...own, sampleKey({ tenant: 'other' })]) await keys.commit({ key, expectedVersion: 0 })

    const first = await keys.list('default', 2)
    const rest = await keys.list('default', 10, first.at(-1)?.id)

    assert.deepEqual(
      [...first, ...rest].map((key) => key.id),
      own.map((key) => key.id).sort(),
    )
  })
}
