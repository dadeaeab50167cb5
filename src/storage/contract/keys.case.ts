import assert from 'node:assert/strict'
import { it } from 'node:test'
import { newUuid } from '../../a2a/ids.ts'
import type { ApiKey, KeyChange, KeyStore } from '../../access/key-store.ts'
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

const commit = (keys: KeyStore, ...changes: readonly KeyChange[]): Promise<boolean> =>
  keys.commit({ changes })

export const keyCases: Cases = ({ open }) => {
  it('returns a key as it was committed, by id and by hash', async (t) => {
    const { keys } = await open(t)
    const key = sampleKey({ expiresAt: T0 + 1 })

    assert.equal(await commit(keys, { key, expectedVersion: 0 }), true)

    assert.deepEqual(await keys.find(key.id), key)
    assert.deepEqual(await keys.findByHash(key.hash), key)
    assert.equal(await keys.find('missing'), undefined)
    assert.equal(await keys.findByHash('missing'), undefined)
  })

  it('refuses a commit made from a stale read', async (t) => {
    const { keys } = await open(t)
    const key = sampleKey()
    const revoked = { ...key, revokedAt: T0 + 5, version: 2 }

    assert.equal(await commit(keys, { key, expectedVersion: 1 }), false)
    assert.equal(await commit(keys, { key, expectedVersion: 0 }), true)
    assert.equal(await commit(keys, { key, expectedVersion: 0 }), false)
    assert.equal(await commit(keys, { key: revoked, expectedVersion: 1 }), true)
    assert.deepEqual(await keys.findByHash(key.hash), revoked)
  })

  it('refuses a hash that another key has, and frees the hash a key gives up', async (t) => {
    const { keys } = await open(t)
    const key = sampleKey({ hash: 'h1' })
    const other = sampleKey({ hash: 'h1' })

    assert.equal(await commit(keys, { key, expectedVersion: 0 }), true)
    assert.equal(await commit(keys, { key: other, expectedVersion: 0 }), false)
    assert.equal(await commit(keys, { key: { ...key, hash: 'h2', version: 2 }, expectedVersion: 1 }), true)
    assert.equal(await keys.findByHash('h1'), undefined)
    assert.equal(await commit(keys, { key: other, expectedVersion: 0 }), true)
    assert.equal((await keys.findByHash('h1'))?.id, other.id)
  })

  it('lists the keys of one tenant in pages by id', async (t) => {
    const { keys } = await open(t)
    const own = Array.from({ length: 5 }, () => sampleKey())
    for (const key of [...own, sampleKey({ tenant: 'other' })])
      await commit(keys, { key, expectedVersion: 0 })

    const first = await keys.list('default', 2)
    const rest = await keys.list('default', 10, first.at(-1)?.id)

    assert.deepEqual(
      [...first, ...rest].map((key) => key.id),
      own.map((key) => key.id).sort(),
    )
  })

  it('writes two keys together or neither of them', async (t) => {
    const { keys } = await open(t)
    const old = sampleKey({ lastUsedAt: T0 + 3 })
    await commit(keys, { key: old, expectedVersion: 0 })
    const retired = { ...old, retiresAt: T0 + 9, replacedBy: 'later', version: 2 }
    const fresh = sampleKey({ replaces: old.id, agents: ['agent-1', 'agent-2'] })

    for (const changes of [
      [
        { key: retired, expectedVersion: 2 },
        { key: fresh, expectedVersion: 0 },
      ],
      [
        { key: retired, expectedVersion: 1 },
        { key: fresh, expectedVersion: 1 },
      ],
      [
        { key: retired, expectedVersion: 1 },
        { key: { ...fresh, hash: old.hash }, expectedVersion: 0 },
      ],
    ]) {
      assert.equal(await keys.commit({ changes }), false)
      assert.deepEqual(await keys.find(old.id), old)
      assert.equal(await keys.find(fresh.id), undefined)
    }
    const together = [
      { key: fresh, expectedVersion: 0 },
      { key: retired, expectedVersion: 1 },
    ]
    assert.equal(await keys.commit({ changes: together }), true)
    assert.deepEqual(await keys.find(old.id), retired)
    assert.deepEqual(await keys.findByHash(fresh.hash), fresh)
  })

  it('knows when a key was last used, without a new version', async (t) => {
    const { keys } = await open(t)
    const key = sampleKey()
    const revoked = { ...key, revokedAt: T0 + 5, version: 2 }
    await commit(keys, { key, expectedVersion: 0 })

    for (const at of [T0 + 1, T0 + 3, T0 + 2]) await keys.markUsed(key.id, at)
    assert.deepEqual(await keys.find(key.id), { ...key, lastUsedAt: T0 + 3 })
    assert.deepEqual(await keys.findByHash(key.hash), { ...key, lastUsedAt: T0 + 3 })
    assert.deepEqual(await keys.list('default', 10), [{ ...key, lastUsedAt: T0 + 3 }])

    assert.equal(await commit(keys, { key: revoked, expectedVersion: 1 }), true)
    assert.deepEqual(await keys.find(key.id), { ...revoked, lastUsedAt: T0 + 3 })
    const stale = { ...revoked, lastUsedAt: T0 + 2, version: 3 }
    assert.equal(await commit(keys, { key: stale, expectedVersion: 2 }), true)
    assert.equal((await keys.find(key.id))?.lastUsedAt, T0 + 3)

    await keys.markUsed('never', T0)
    assert.equal(await keys.find('never'), undefined)
  })
}
