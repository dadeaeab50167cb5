import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { silentEvents } from '../telemetry/events.ts'
import { createKeyUses, type KeyUses } from './key-uses.ts'

const MINUTE = 60_000

describe('the uses of keys', () => {
  let clock: number
  let written: string[]
  let failures: string[]
  let markUsed: (id: string, at: number) => Promise<void>
  let uses: KeyUses

  beforeEach(() => {
    clock = 0
    written = []
    failures = []
    markUsed = async (id, at) => void written.push(`${id} ${at / MINUTE}`)
    uses = createKeyUses({
      keys: { markUsed: (id, at) => markUsed(id, at) },
      now: () => clock,
      events: { ...silentEvents, unexpected: ({ cause }) => failures.push(String(cause)) },
    })
  })

  const close = () => uses[Symbol.asyncDispose]()

  it('are written at once, then at most every five minutes for each key, and the last one at the end', async () => {
    for (let minute = 0; minute <= 12; minute++) {
      clock = minute * MINUTE
      uses.note('a')
      if (minute === 7) uses.note('b')
      await new Promise(setImmediate)
    }
    await close()

    assert.deepEqual(written, ['a 0', 'a 5', 'b 7', 'a 10', 'a 12'])
  })

  it('are written though the clock was set back', async () => {
    clock = 60 * MINUTE
    uses.note('a')
    clock = MINUTE
    uses.note('a')
    await close()

    assert.deepEqual(written, ['a 60', 'a 1'])
  })

  it('never hold up or fail who notes them', async () => {
    markUsed = () => Promise.reject(new Error('the store is gone'))
    uses.note('a')
    await close()
    uses.note('a')

    assert.deepEqual(failures, ['Error: the store is gone'])
  })

  it('are lost rather than gathered without bound while the store does not answer', async () => {
    const gate = Promise.withResolvers<void>()
    let asked = 0
    markUsed = () => {
      asked++
      return gate.promise
    }
    for (let n = 0; n < 30_000; n++) uses.note(`key-${n}`)
    gate.resolve()
    await close()

    assert.ok(asked >= 10_000 && asked < 12_000, `${asked} writes`)
  })

  it('of forgotten keys are written too', async () => {
    uses.note('first')
    clock = MINUTE
    uses.note('first')
    for (let n = 0; n < 10_000; n++) {
      uses.note(`key-${n}`)
      if (n % 50 === 0) await new Promise(setImmediate)
    }
    await close()

    assert.deepEqual(
      written.filter((line) => line.startsWith('first')),
      ['first 0', 'first 1'],
    )
  })
})
