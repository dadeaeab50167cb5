import assert from 'node:assert/strict'
import { it } from 'node:test'
import { newUuid } from './ids.ts'

it('makes ids that are unique, short and in the order they were made', () => {
  const ids = Array.from({ length: 1000 }, newUuid)

  assert.equal(new Set(ids).size, ids.length)
  assert.ok(
    ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)),
  )
  assert.deepEqual(
    ids.map((id) => id.slice(0, 13)).toSorted(),
    ids.map((id) => id.slice(0, 13)),
  )
})
