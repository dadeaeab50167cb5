import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { taskId } from '../a2a/ids.ts'
import { followLog } from './follow-log.ts'
import type { News } from './news.ts'
import { artifact, COMPLETED, newTask, openTasks, WORKING } from './open-tasks.case.ts'

/** News that counts who is watching, and says when somebody waits. */
function counted(news: News) {
  const facts = { watching: 0, waits: 0 }
  let waiting: (() => void) | undefined
  const observed: News = {
    ...news,
    watch(id) {
      const watch = news.watch(id)
      facts.watching++
      return {
        changed(signal) {
          facts.waits++
          waiting?.()
          return watch.changed(signal)
        },
        [Symbol.dispose]() {
          facts.watching--
          watch[Symbol.dispose]()
        },
      }
    },
  }
  const waited = () =>
    new Promise<void>((resolve) => {
      waiting = resolve
    })
  return { news: observed, facts, waited }
}

async function openLog(t: TestContext) {
  const world = await openTasks(t)
  const { news, facts, waited } = counted(world.deps.news)
  const task = await newTask(world)
  const id = taskId(task.id)
  const follow = (after: number, signal = new AbortController().signal) =>
    followLog({ ...world.deps, news }, id, after, signal)
  return { world, id, facts, waited, follow, says: world.agentSays.bind(undefined, task.id) }
}

async function seqsOf(events: AsyncIterable<{ readonly seq: number }>): Promise<readonly number[]> {
  const seqs: number[] = []
  for await (const { seq } of events) seqs.push(seq)
  return seqs
}

describe('followLog', () => {
  it('gives a late reader everything, and ends', async (t) => {
    const { says, follow, facts } = await openLog(t)
    await says(WORKING, artifact('a', 'x'), COMPLETED)

    assert.deepEqual(await seqsOf(follow(0)), [1, 2, 3, 4])
    assert.equal(facts.watching, 0)
  })

  it('gives a live reader each event once, as it comes', async (t) => {
    const { says, follow, waited } = await openLog(t)
    const isWaiting = waited()
    const seqs = seqsOf(follow(0))
    await isWaiting

    await says(WORKING)
    await says(artifact('a', 'x'), artifact('a', 'y', { append: true }))
    await says(COMPLETED)

    assert.deepEqual(await seqs, [1, 2, 3, 4, 5])
  })

  it('gives a reader that resumes exactly the rest', async (t) => {
    const { says, follow } = await openLog(t)
    await says(WORKING, artifact('a', 'x'), COMPLETED)

    for (const after of [1, 2, 3]) {
      const expected = [2, 3, 4].filter((seq) => seq > after)
      assert.deepEqual(await seqsOf(follow(after)), expected)
    }
  })

  it('ends at once for a reader that has seen the end', async (t) => {
    const { says, follow } = await openLog(t)
    await says(COMPLETED)

    assert.deepEqual(await seqsOf(follow(2)), [])
    assert.deepEqual(await seqsOf(follow(9)), [])
  })

  it('shows readers of every kind the same order', async (t) => {
    const { says, follow, waited } = await openLog(t)
    const isWaiting = waited()
    const live = seqsOf(follow(0))
    await isWaiting
    for (let index = 0; index < 20; index++) await says(artifact('a', `${index}`, { append: true }))
    const joining = seqsOf(follow(0))
    const resuming = seqsOf(follow(7))
    await says(COMPLETED)

    const all = Array.from({ length: 22 }, (_, index) => index + 1)
    assert.deepEqual(await live, all)
    assert.deepEqual(await joining, all)
    assert.deepEqual(await resuming, all.slice(7))
  })

  it('rejects with the reason when it is aborted, and lets go of the watch', async (t) => {
    const { follow, facts, waited } = await openLog(t)
    const abort = new AbortController()
    const isWaiting = waited()
    const seqs = seqsOf(follow(0, abort.signal))
    await isWaiting

    const reason = new Error('gone')
    abort.abort(reason)

    await assert.rejects(seqs, reason)
    assert.equal(facts.watching, 0)
  })

  it('rejects when the process stops, also while it waits', async (t) => {
    const { world, facts, waited, follow } = await openLog(t)
    const waits = waited()
    const seqs = seqsOf(follow(0))
    await waits

    world.stop()

    await assert.rejects(seqs, { code: 'stream_resume_required' })
    await assert.rejects(seqsOf(follow(0)), { code: 'stream_resume_required' })
    assert.equal(facts.watching, 0)
  })

  it('lets go of the watch when the reader leaves', async (t) => {
    const { says, follow, facts } = await openLog(t)
    await says(WORKING)

    for await (const { seq } of follow(0)) if (seq === 2) break

    assert.equal(facts.watching, 0)
  })

  it('ends for a task that is gone', async (t) => {
    const { world, follow } = await openLog(t)
    const head = await world.until(() => true)
    await world.deps.store.remove(head.id, head.version)

    assert.deepEqual(await seqsOf(follow(0)), [])
  })
})
