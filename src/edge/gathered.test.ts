import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Gathered } from './gathered.ts'

describe('gathered bytes', () => {
  it('are all that was added, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (pieces) => {
        const gathered = new Gathered()
        for (const piece of pieces) gathered.add(piece)

        assert.deepEqual(gathered.bytes, Buffer.concat(pieces))
        assert.equal(gathered.length, gathered.bytes.length)
      }),
    )
  })

  it('keep nothing of the pieces they came in', () => {
    const gathered = new Gathered()
    const piece = Buffer.alloc(1)
    for (const byte of Buffer.from('one byte at a time')) {
      piece[0] = byte
      gathered.add(piece)
    }

    assert.equal(gathered.bytes.toString(), 'one byte at a time')
  })
})
