import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limitConcurrency } from './limit-concurrency.ts'

describe('a limited function', () => {
  it('runs as many calls at once as it may, and the others in their order', async () => {
    const ends: (() => void)[] = []
    const begun: number[] = []
    const run = limitConcurrency(async (n: number) => {
      begun.push(n)
      await new Promise<void>((resolve) => {
        ends.push(resolve)
      })
      return n
    }, 2)

    const calls = [1, 2, 3, 4].map((n) => run(n))
    assert.deepEqual(begun, [1, 2])
    ends[1]?.()
    assert.equal(await calls[1], 2)
    assert.deepEqual(begun, [1, 2, 3])
    ends[0]?.()
    await calls[0]
    assert.deepEqual(begun, [1, 2, 3, 4])
    for (const end of ends) end()
    assert.deepEqual(await Promise.all(calls), [1, 2, 3, 4])
  })

  it('goes on after a call that failed', async () => {
    const run = limitConcurrency(async (isBad: boolean) => {
      if (isBad) throw new Error('No')
      return 'fine'
    }, 1)

    const [bad, good] = await Promise.allSettled([run(true), run(false)])

    assert.equal(bad?.status, 'rejected')
    assert.deepEqual(good, { status: 'fulfilled', value: 'fine' })
  })
})
