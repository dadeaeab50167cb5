import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { batches } from './batches.ts'

const bounds = { maxItems: 3, maxBytes: 10 }

async function* given(steps: readonly (string | 'pause' | Error)[], ended?: { value: boolean }) {
  try {
    for (const step of steps) {
      if (step instanceof Error) throw step
      if (step === 'pause') await new Promise(setImmediate)
      else yield step
    }
  } finally {
    if (ended !== undefined) ended.value = true
  }
}

async function read(
  source: AsyncIterable<string>,
): Promise<{ groups: (readonly string[])[]; error?: unknown }> {
  const groups: (readonly string[])[] = []
  try {
    for await (const batch of batches(source, (item) => item.length, bounds)) groups.push(batch)
  } catch (error) {
    return { groups, error }
  }
  return { groups }
}

const steps = fc.array(fc.oneof(fc.string({ minLength: 1, maxLength: 12 }), fc.constant('pause')))

describe('batches', () => {
  it('give every item once, in order, within bounds', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const { groups } = await read(given(list))

        assert.deepEqual(
          groups.flat(),
          list.filter((step) => step !== 'pause'),
        )
        for (const group of groups) {
          const bytes = group.reduce((sum, item) => sum + item.length, 0)
          assert.ok(group.length > 0 && group.length <= bounds.maxItems)
          assert.ok(group.length === 1 || bytes <= bounds.maxBytes)
        }
      }),
    )
  })

  it('give all that came before a failure, then the failure', async () => {
    const failure = new Error('dropped')

    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const { groups, error } = await read(given([...list, failure]))

        assert.equal(error, failure)
        assert.deepEqual(
          groups.flat(),
          list.filter((step) => step !== 'pause'),
        )
      }),
    )
  })

  it('put what comes at once into one group, and wait for nothing more', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    async function* source() {
      yield* ['a', 'b']
      await promise
      yield 'c'
    }
    const groups: (readonly string[])[] = []

    for await (const batch of batches(source(), () => 1, bounds)) {
      groups.push(batch)
      resolve()
    }

    assert.deepEqual(groups, [['a', 'b'], ['c']])
  })

  it('end the source when the reader leaves', async () => {
    const ended = { value: false }
    for await (const _ of batches(given(['a', 'b'], ended), () => 1, bounds)) break
    await new Promise(setImmediate)

    assert.equal(ended.value, true)
  })
})
