import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EventStream } from './event-stream.ts'
import { createOpenStreams } from './open-streams.ts'

type Frame = { readonly seq?: number; readonly text: string }

/** A stream of `frames` whose time passes by `tick`, and a reader that takes as many pieces as it says. */
async function openStream(frames: AsyncIterable<Frame>) {
  const leave = new AbortController()
  const request = { signal: leave.signal, release: () => leave.abort() }
  const shutdown = new AbortController()
  const ends: (string | undefined)[] = []
  const source = {
    encode: ({ text }: Frame) => {
      if (text === 'unwritable') throw new TypeError('no words for it')
      return text
    },
    encodeError: ({ code }: { readonly code: string }) => code,
    heartbeat: ': hb\n\n',
    ended: (error?: { readonly code: string }) => ends.push(error?.code),
  }
  const stream = new EventStream<Frame>(source, request, createOpenStreams(shutdown.signal, 60_000))
  await stream.begin(frames, 60_000)
  const written: string[] = []
  const take = (pieces: number) => {
    let left = pieces
    stream.resume({
      write(text) {
        written.push(text)
        return --left > 0
      },
      end: () => written.push('end'),
    })
  }
  return { stream, written, take, ends, leave, shutdown }
}

async function* quietAfter(...texts: readonly string[]): AsyncGenerator<Frame> {
  for (const text of texts) yield { text }
  await new Promise(() => {})
}

describe('an open stream', () => {
  it('says that it is alive when it has been quiet for long', async () => {
    const { stream, written, take } = await openStream(quietAfter('a'))
    take(Number.POSITIVE_INFINITY)

    for (let tick = 1; tick <= 8; tick++) stream.tick()
    assert.deepEqual(written, ['a', ': hb\n\n', ': hb\n\n'])
    stream.cancel()
  })

  it('says nothing to a reader that does not take what it has', async () => {
    const { stream, written, take, ends } = await openStream(quietAfter('a', 'b'))
    take(1)

    for (let tick = 1; tick <= 20; tick++) stream.tick()
    assert.deepEqual(written, ['a'])
    stream.cancel()
    stream.cancel()
    assert.deepEqual(ends, [undefined])
  })

  it('tells a reader that had to be waited for how it ended', async () => {
    const { written, take, ends, leave, shutdown } = await openStream(quietAfter('a', 'b'))
    take(1)
    shutdown.abort()

    assert.equal(leave.signal.aborted, true)
    assert.deepEqual(ends, [])
    take(1)
    assert.deepEqual(written, ['a', 'stream_resume_required', 'end'])
    assert.deepEqual(ends, ['stream_resume_required'])
  })

  it('ends without a word for a client that is gone', async () => {
    const { written, take, ends, leave } = await openStream(quietAfter('a'))
    take(Number.POSITIVE_INFINITY)
    leave.abort()

    assert.deepEqual(written, ['a', 'end'])
    assert.deepEqual(ends, [undefined])
  })

  it('fails by itself when it has no words for a frame', async () => {
    const { written, take, ends } = await openStream(quietAfter('a', 'unwritable', 'b'))
    take(1)
    await new Promise(setImmediate)
    take(Number.POSITIVE_INFINITY)
    await new Promise(setImmediate)

    assert.deepEqual(written, ['a', 'internal', 'end'])
    assert.deepEqual(ends, ['internal'])
  })
})
