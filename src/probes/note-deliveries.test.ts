import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AgentFailure } from '../delivery/agent-client.ts'
import type { Check } from '../registry/health/agent-health.ts'
import { silentEvents } from '../telemetry/events.ts'
import { createDeliveryNotes } from './note-deliveries.ts'
import { openProbes } from './open-probes.case.ts'

const URL = 'https://agent.example/a2a'

/** Notes on one agent, and what was written down of it: each write in words. */
async function openNotes() {
  const room = await openProbes()
  const agent = await room.register()
  await room.pass(0)
  const writes: string[] = []
  const wordsOf = ({ outcome, latencyMs }: Check) =>
    `${outcome}${latencyMs === undefined ? '' : ` ${latencyMs}`}`
  const notes = createDeliveryNotes({
    health: {
      record: (subject, checks) => {
        writes.push(checks.map(wordsOf).join(', '))
        return room.health.record(subject, checks)
      },
    },
    queue: room.work,
    judge: (failure) => ({
      outcome: /forbidden/.test(failure.message) ? 'forbidden' : 'unreachable',
      message: failure.message,
    }),
    now: () => room.clock.now,
    events: silentEvents,
  })
  const fail = (failure = new AgentFailure('not_accepted', 'no')) => notes.note({ agent, url: URL, failure })
  const succeed = (latencyMs?: number) =>
    notes.note({ agent, url: URL, ...(latencyMs === undefined ? {} : { latencyMs }) })
  /** Resolves once everything that is to be written by now is. */
  const written = async () => {
    await new Promise(setImmediate)
    return writes
  }
  return { ...room, agent, notes, fail, succeed, written }
}

describe('what deliveries show of an agent', () => {
  it('is written down at once when it begins to fail, and when it works again', async () => {
    const { fail, succeed, written, clock, notes } = await openNotes()
    succeed(5)
    assert.deepEqual(await written(), ['ok 5'])
    clock.now += 2000
    fail()
    assert.deepEqual(await written(), ['ok 5', 'unreachable'])
    clock.now += 2000
    succeed()
    assert.deepEqual(await written(), ['ok 5', 'unreachable', 'ok'])
    await notes[Symbol.asyncDispose]()
  })

  it('is one write for many that go on as before', async () => {
    const { succeed, written, clock, notes } = await openNotes()
    for (let count = 0; count < 100; count++) succeed(count)
    clock.now += 10_000
    succeed(100)
    for (let count = 0; count < 100; count++) succeed(count)
    assert.deepEqual(await written(), ['ok 0', 'ok 100'])
    await notes[Symbol.asyncDispose]()
    assert.deepEqual(await written(), ['ok 0', 'ok 100', 'ok 99'])
  })

  it('is few writes for an agent that fails now and then', async () => {
    const { fail, succeed, written, notes } = await openNotes()
    for (let count = 0; count < 100; count++) {
      succeed(count)
      fail()
    }
    assert.deepEqual(await written(), ['ok 0'])
    await notes[Symbol.asyncDispose]()
    assert.deepEqual(await written(), ['ok 0', 'ok 99, unreachable'])
  })

  it('makes an agent that fails real calls one that is not up, whatever else it answers', async () => {
    const { agent, fail, notes, healthOf } = await openNotes()
    assert.equal((await healthOf(agent))?.state, 'up')
    for (let count = 0; count < 5; count++) {
      fail()
      await notes[Symbol.asyncDispose]()
    }
    assert.notEqual((await healthOf(agent))?.state, 'up')
  })

  it('is nothing when the client was refused for what it sent or who it is, or by our own rules', async () => {
    const { fail, written, notes } = await openNotes()
    fail(new AgentFailure('refused', 'no', { code: 'content_type_not_supported' }))
    fail(new AgentFailure('not_accepted', 'forbidden'))
    fail(new AgentFailure('not_accepted', 'no', { denied: 'forbidden' }))
    await notes[Symbol.asyncDispose]()
    assert.deepEqual(await written(), [])
  })
})
