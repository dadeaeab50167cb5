import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Hint } from '../tasks/news.ts'
import { createHintFeed } from './hint-feed.ts'

const tasks = (count: number): readonly Hint[] =>
  Array.from({ length: count }, (_, index) => ({ kind: 'task', taskId: `t-${index}` }))

/** Everything a reader has been told by now. */
async function drain(hints: AsyncIterable<Hint>, listening: AbortController): Promise<readonly Hint[]> {
  const told: Hint[] = []
  const reading = (async () => {
    for await (const hint of hints) told.push(hint)
  })()
  await new Promise(setImmediate)
  listening.abort()
  await reading
  return told
}

describe('hint feed', () => {
  it('tells each task once, however often it changed', async () => {
    const listening = new AbortController()
    const feed = createHintFeed()
    const hints = feed.subscribe(listening.signal)

    feed.publish([...tasks(2), { kind: 'work' }, ...tasks(3), { kind: 'work' }])

    assert.deepEqual(await drain(hints, listening), [{ kind: 'work' }, ...tasks(3)])
  })

  it('keeps one hint instead of many for a reader that is far behind', async () => {
    const listening = new AbortController()
    const feed = createHintFeed()
    const hints = feed.subscribe(listening.signal)

    feed.publish([{ kind: 'work' }, ...tasks(100_000)])

    assert.deepEqual(await drain(hints, listening), [{ kind: 'any' }])
  })

  it('knows who listens and says when that changes', () => {
    const counts: number[] = []
    const feed = createHintFeed(() => counts.push(feed.subscribers))
    const first = new AbortController()
    const second = new AbortController()

    feed.subscribe(first.signal)
    feed.subscribe(second.signal)
    first.abort()
    second.abort()

    assert.deepEqual(counts, [1, 2, 1, 0])
  })
})
