import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HttpError } from './http-error.ts'
import { collect } from './loopback-server.case.ts'
import { readEvents } from './sse.ts'

const LIMITS = { maxEventBytes: 1024 }

async function* inChunks(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let start = 0
  for (const cut of [...cuts, bytes.length]) {
    yield bytes.subarray(start, cut)
    start = cut
  }
}

const read = (text: string | Buffer, cuts: readonly number[] = []) =>
  collect(readEvents(inChunks(Buffer.from(text), cuts), LIMITS))

const failsWith = (failure: string) => (error: unknown) =>
  error instanceof HttpError && error.failure === failure

const STREAM =
  ': hello\n\nid: 1\nevent: message\ndata: {"a":"é€😀"}\n\ndata: one\ndata: two\ndata:three\n\n: ka\n\nretry: 5\nother: x\n\ndata\n\ndata: last\n\n'
const EVENTS = ['{"a":"é€😀"}', 'one\ntwo\nthree', '', 'last']

describe('server-sent events', () => {
  for (const [name, ending] of [
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ] as const) {
    test(`are read with ${name} line endings, cut at every byte`, async () => {
      const bytes = Buffer.from(STREAM.replaceAll('\n', ending))
      for (let cut = 0; cut <= bytes.length; cut++) assert.deepEqual(await read(bytes, [cut]), EVENTS)
    })

    test(`are read with ${name} line endings, one byte at a time`, async () => {
      const bytes = Buffer.from(STREAM.replaceAll('\n', ending))
      assert.deepEqual(await read(bytes, [...bytes.keys()]), EVENTS)
    })
  }

  test('may begin with a byte order mark', async () => {
    for (const cut of [0, 1, 2, 3, 4]) assert.deepEqual(await read(`\uFEFFdata: x\n\n`, [cut]), ['x'])
  })

  test('are dropped when the stream ends inside one', async () => {
    assert.deepEqual(await read('data: whole\n\ndata: half\n'), ['whole'])
  })

  test('come as soon as they are complete, even when CR ends the lines', async () => {
    const events = readEvents(
      (async function* () {
        yield Buffer.from('data: x\r\r')
        await new Promise<never>(() => {})
      })(),
      LIMITS,
    )
    assert.deepEqual(await events.next(), { done: false, value: 'x' })
  })

  test('are refused when they are not UTF-8', async () => {
    await assert.rejects(
      read(Buffer.from([...Buffer.from('data: '), 0xff, 0x0a, 0x0a])),
      failsWith('not_text'),
    )
  })

  test('may be exactly as long as the limit', async () => {
    const longest = 'x'.repeat(LIMITS.maxEventBytes)
    for (const cuts of [[], [500], [1030], [1031]]) {
      assert.deepEqual(await read(`data: ${longest}\n\n`, cuts), [longest])
    }
  })

  test('are refused beyond the limit, counted in bytes', async () => {
    await assert.rejects(read(`data: ${'x'.repeat(1025)}\n\n`), failsWith('too_large'))
    await assert.rejects(read(`data: ${'€'.repeat(342)}\n\n`), failsWith('too_large'))
    await assert.rejects(read(`${'data: xxxxxxxx\n'.repeat(200)}\n`), failsWith('too_large'))
  })

  for (const [name, piece] of [
    ['a line without an end', 'x'.repeat(100)],
    ['an event without an end', 'data: xxxxxxxxx\n'],
    ['a comment without an end', ': '],
  ] as const) {
    test(`are refused when ${name} goes on and on`, async () => {
      let pieces = 0
      const endless = (async function* () {
        yield Buffer.from(name.includes('comment') ? ': ' : 'data: ')
        for (;;) {
          pieces++
          yield Buffer.from(piece)
        }
      })()
      await assert.rejects(collect(readEvents(endless, LIMITS)), failsWith('too_large'))
      assert.ok(pieces * piece.length < 2 * LIMITS.maxEventBytes)
    })
  }

  test('count no comments between them', async () => {
    assert.deepEqual(await read(`${': ka\n\n'.repeat(1000)}data: x\n\n`), ['x'])
  })

  test('may begin with a longer one', async () => {
    const long = 'x'.repeat(3000)
    const limits = { maxEventBytes: 1024, maxFirstEventBytes: 4096 }
    const from = (text: string) => collect(readEvents(inChunks(Buffer.from(text), [700, 1500]), limits))
    assert.deepEqual(await from(`data: ${long}\n\ndata: x\n\n`), [long, 'x'])
    await assert.rejects(from(`data: x\n\ndata: ${long}\n\n`), failsWith('too_large'))
  })
})
