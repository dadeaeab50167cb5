import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { frameOf, readFrames } from './grpc-frames.ts'
import { collect } from './loopback-server.case.ts'

const LIMITS = { maxEventBytes: 1000 }

/** The bytes in pieces of these sizes, over and over, then the rest. */
async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer, void> {
  let at = 0
  for (const size of sizes) {
    yield bytes.subarray(at, at + size)
    at += size
  }
  yield bytes.subarray(at)
}

const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 })
const sizes = fc.array(fc.nat({ max: 50 }), { maxLength: 100 })

describe('the frames of gRPC', () => {
  test('come out as they went in, however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(messages, sizes, async (said, pieces) => {
        const bytes = Buffer.concat(said.map(frameOf))
        const heard = await collect(readFrames(inPieces(bytes, pieces), LIMITS))
        assert.deepEqual(
          heard.map((message) => [...message]),
          said.map((message) => [...message]),
        )
      }),
    )
  })

  test('hold nothing of the pieces they came in', async () => {
    const said = Buffer.from('one byte at a time')
    async function* byByte(): AsyncGenerator<Buffer, void> {
      const piece = Buffer.alloc(1)
      for (const byte of frameOf(said)) {
        piece[0] = byte
        yield piece
      }
    }
    assert.deepEqual(await collect(readFrames(byByte(), LIMITS)), [said])
  })

  test('that are cut short are told from those that end', async () => {
    const bytes = Buffer.concat([frameOf(Buffer.from('one')), frameOf(Buffer.from('two'))])
    for (let length = 0; length <= bytes.length; length++) {
      const heard = collect(readFrames(inPieces(bytes.subarray(0, length), [3]), LIMITS))
      if ([0, 8, 16].includes(length)) assert.equal((await heard).length, length / 8)
      else await assert.rejects(heard, { failure: 'broken' })
    }
  })

  test('are refused beyond the limit, where the first may be longer than the others', async () => {
    const long = frameOf(Buffer.alloc(1500))
    const limits = { maxEventBytes: 1000, maxFirstEventBytes: 2000 }
    await assert.rejects(collect(readFrames(inPieces(long, []), LIMITS)), { failure: 'too_large' })
    assert.equal((await collect(readFrames(inPieces(long, []), limits))).length, 1)
    const twice = Buffer.concat([long, long])
    await assert.rejects(collect(readFrames(inPieces(twice, []), limits)), { failure: 'too_large' })
  })
})
