import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { ParleyError } from '../../errors.ts'
import { frameOf, readMessage } from './read-message.ts'

const LIMITS = { maxBytes: 1000, timeoutMs: 60_000 }
const MESSAGE = Buffer.from('what a client asks')

const code = (expected: string) => (error: unknown) => error instanceof ParleyError && error.code === expected

const read = (chunks: readonly Buffer[], encoding?: string, limits = LIMITS) =>
  readMessage(Readable.from(chunks), encoding, limits)

const compressed = (message: Buffer): Buffer => {
  const frame = frameOf(message)
  frame.writeUInt8(1)
  return frame
}

describe('the message of a request', () => {
  it('is what comes after its prefix, in whatever pieces', async () => {
    const frame = frameOf(MESSAGE)
    const bytes = Array.from(frame, (byte) => Buffer.from([byte]))

    for (const chunks of [[frame], [frame.subarray(0, 3), frame.subarray(3)], bytes]) {
      assert.deepEqual(await read(chunks), MESSAGE)
    }
    assert.deepEqual(await read([frameOf(Buffer.alloc(0))]), Buffer.alloc(0))
  })

  it('is refused as soon as it says that it is too long, and nothing more is read', async () => {
    const body = new Readable({ read() {} })
    body.push(Buffer.from([0, 0, 0, 4, 0]))

    await assert.rejects(readMessage(body, undefined, LIMITS), code('payload_too_large'))
    assert.ok(body.isPaused())
  })

  it('is one, and comes to its end', async () => {
    const frame = frameOf(MESSAGE)

    for (const chunks of [
      [],
      [frame, frame],
      [frame, Buffer.from([0])],
      [frame.subarray(0, -1)],
      [frame.subarray(0, 4)],
    ]) {
      await assert.rejects(read(chunks), code('invalid_request'))
    }
    const broken = new Readable({ read() {} })
    broken.destroy()
    await assert.rejects(readMessage(broken, undefined, LIMITS), code('invalid_request'))
    const slow = readMessage(new Readable({ read() {} }), undefined, { ...LIMITS, timeoutMs: 1 })
    await assert.rejects(slow, code('invalid_request'))
  })

  it('may be compressed, but not to hide how long it is', async () => {
    assert.deepEqual(await read([compressed(gzipSync(MESSAGE))], 'gzip'), MESSAGE)
    assert.deepEqual(await read([compressed(deflateSync(MESSAGE))], 'deflate'), MESSAGE)
    assert.deepEqual(await read([frameOf(MESSAGE)], 'gzip'), MESSAGE)

    const bomb = compressed(gzipSync(Buffer.alloc(100_000)))
    assert.ok(bomb.length < LIMITS.maxBytes)
    await assert.rejects(read([bomb], 'gzip'), code('payload_too_large'))
    await assert.rejects(read([compressed(MESSAGE)], 'gzip'), code('parse_error'))
    for (const encoding of [undefined, 'identity', 'br', 'constructor']) {
      await assert.rejects(read([compressed(MESSAGE)], encoding), code('method_not_found'))
    }
  })

  it('is decompressed after those that were there before it, never beside them', async () => {
    const limits = { ...LIMITS, maxBytes: 4_000_000 }
    const order: number[] = []

    await Promise.all(
      [4_000_000, 10].map(async (length) => {
        order.push((await read([compressed(gzipSync(Buffer.alloc(length)))], 'gzip', limits)).length)
      }),
    )

    assert.deepEqual(order, [4_000_000, 10])
  })
})
