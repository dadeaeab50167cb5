import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { silentEvents } from '../telemetry/events.ts'
import { removeOld } from './remove-old.ts'

const HOUR_MS = 60 * 60 * 1000

/** Times that are kept for a day, with an hour that the test lets pass. */
function openKept(t: TestContext, times: readonly number[]) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const clock = { now: 100 * HOUR_MS }
  const failures: string[] = []
  const kept = { times, isOut: false }
  const store = {
    async prune(before: number, limit: number) {
      if (kept.isOut) throw new Error('the disk is full')
      const gone = kept.times.filter((at) => at < before).slice(0, limit)
      kept.times = kept.times.filter((at) => !gone.includes(at))
      return gone.length
    },
  }
  const events = {
    ...silentEvents,
    unexpected: ({ where }: { readonly where: string }) => void failures.push(where),
  }
  const removing = removeOld({
    what: 'times',
    store,
    retentionMs: 24 * HOUR_MS,
    events,
    now: () => clock.now,
  })
  const hour = async () => {
    clock.now += HOUR_MS
    t.mock.timers.tick(HOUR_MS)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { kept, failures, removing, hour }
}

describe('removing what is old', () => {
  it('begins at once, and goes on every hour', async (t) => {
    const { kept, removing, hour } = openKept(t, [75 * HOUR_MS, 76 * HOUR_MS, 77 * HOUR_MS])

    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(kept.times, [76 * HOUR_MS, 77 * HOUR_MS])
    await hour()
    assert.deepEqual(kept.times, [77 * HOUR_MS])

    await removing[Symbol.asyncDispose]()
    await hour()
    await hour()
    assert.deepEqual(kept.times, [77 * HOUR_MS])
  })

  it('removes all of it, however much there is', async (t) => {
    const { kept, removing } = openKept(
      t,
      Array.from({ length: 2500 }, (_, at) => at),
    )

    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(kept.times, [])
    await removing[Symbol.asyncDispose]()
  })

  it('tells of a failure, and tries again in an hour', async (t) => {
    const { kept, failures, removing, hour } = openKept(t, [0])
    kept.isOut = true
    await hour()
    assert.deepEqual(new Set(failures), new Set(['removing old times']))

    kept.isOut = false
    await hour()
    assert.deepEqual(kept.times, [])
    await removing[Symbol.asyncDispose]()
  })
})
