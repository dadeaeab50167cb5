import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Cases } from './describe-backend.ts'
import { sampleKey, sampleRing } from './sample-ring.ts'

export const signingKeyCases: Cases = ({ open, openAt, newPlace }) => {
  it('returns a ring of keys as it was committed, and none for another use', async (t) => {
    const { signingKeys } = await open(t)
    const ring = sampleRing({ keys: [sampleKey(), sampleKey()] })

    assert.equal(await signingKeys.find('service'), undefined)
    assert.equal(await signingKeys.commit({ ring, expectedVersion: 0 }), true)

    assert.deepEqual(await signingKeys.find('service'), ring)
    assert.equal(await signingKeys.find('card'), undefined)
  })

  it('refuses a commit made from a stale read, of each use by itself', async (t) => {
    const { signingKeys } = await open(t)
    const next = sampleRing({ version: 2 })

    assert.equal(await signingKeys.commit({ ring: next, expectedVersion: 1 }), false)
    assert.equal(await signingKeys.commit({ ring: sampleRing(), expectedVersion: 0 }), true)
    assert.equal(await signingKeys.commit({ ring: sampleRing(), expectedVersion: 0 }), false)
    assert.equal(await signingKeys.commit({ ring: sampleRing({ use: 'card' }), expectedVersion: 0 }), true)
    assert.equal(await signingKeys.commit({ ring: next, expectedVersion: 1 }), true)
    assert.deepEqual(await signingKeys.find('service'), next)
  })

  it('lets one of many commits from the same read win', async (t) => {
    const { signingKeys } = await open(t)
    const rings = Array.from({ length: 20 }, () => sampleRing())

    const won = await Promise.all(rings.map((ring) => signingKeys.commit({ ring, expectedVersion: 0 })))

    assert.equal(won.filter(Boolean).length, 1)
    assert.deepEqual(await signingKeys.find('service'), rings[won.indexOf(true)])
  })

  it('shows a ring to every process at once', async (t) => {
    const place = newPlace()
    const one = await openAt(t, place)
    if (!one.capabilities.sharedByProcesses) return t.diagnostic('one process only')
    const other = await openAt(t, place)
    const ring = sampleRing()

    assert.equal(await one.signingKeys.commit({ ring, expectedVersion: 0 }), true)

    assert.deepEqual(await other.signingKeys.find('service'), ring)
    assert.equal(await other.signingKeys.commit({ ring: sampleRing(), expectedVersion: 0 }), false)
  })
}
