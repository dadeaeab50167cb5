import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { streamResponseCheck, taskCheck } from '../a2a/task.ts'
import { chunkedArtifact, entries, headBefore } from './evolve.case.ts'
import { evolve, type NewEvent } from './evolve.ts'
import { status } from './open-tasks.case.ts'
import { eventText, statusText, taskText, timestamp } from './render.ts'

const logs = fc.oneof(entries, chunkedArtifact).map((list) => evolve(headBefore(), list, 1_750_000_000_000))

describe('rendered text', () => {
  it('of every event is a valid stream response about the task', () => {
    fc.assert(
      fc.property(logs, ({ head, events }) => {
        for (const event of events) {
          const value: unknown = JSON.parse(eventText(head, event))
          assert.deepEqual(streamResponseCheck.violations(value), [])
          assert.ok(JSON.stringify(value).includes(JSON.stringify(head.contextId)))
        }
      }),
    )
  })

  it('of every task is a valid task', () => {
    fc.assert(
      fc.property(logs, ({ head, events }) => {
        const value: unknown = JSON.parse(taskText(head, { events, artifacts: true }))
        assert.deepEqual(taskCheck.violations(value), [])
      }),
    )
  })

  it('has at most as many messages as asked for, the newest', () => {
    fc.assert(
      fc.property(logs, fc.nat(6), ({ head, events }, historyLength) => {
        const all = JSON.parse(taskText(head, { events, artifacts: false })) as { history?: unknown[] }
        const cut = JSON.parse(taskText(head, { events, artifacts: false, historyLength })) as typeof all

        const expected = historyLength === 0 ? undefined : all.history?.slice(-historyLength)
        assert.deepEqual(cut.history, expected)
      }),
    )
  })

  it('does not say twice what a status only repeats', () => {
    const list = [
      status('TASK_STATE_WORKING', 'one'),
      status('TASK_STATE_WORKING', 'one'),
      status('TASK_STATE_WORKING', 'two'),
    ]
    const submitted: NewEvent = {
      kind: 'submitted',
      state: 'TASK_STATE_SUBMITTED',
      header: '',
      body: '{}',
      trailer: '',
    }
    const history = (count: number) => {
      const { head, events } = evolve(headBefore(), [submitted, ...list.slice(0, count)], 0)
      const task = JSON.parse(taskText(head, { events, artifacts: false })) as {
        history: { messageId?: string }[]
      }
      return task.history.map(({ messageId }) => messageId)
    }

    assert.deepEqual(history(2), [undefined])
    assert.deepEqual(history(3), [undefined, 'a-one'])
  })

  it('tells time in UTC with milliseconds', () => {
    assert.equal(timestamp(0), '1970-01-01T00:00:00.000Z')
    assert.equal(timestamp(1_750_000_000_001), '2025-06-15T15:06:40.001Z')
  })

  it('leaves content exactly as it was written', () => {
    const body = '{ "messageId":"m","role":"ROLE_AGENT","parts":[{"data":1.0}],"x":1E5 }'
    const event = {
      seq: 2,
      at: 0,
      kind: 'status',
      state: 'TASK_STATE_WORKING',
      header: '',
      body,
      trailer: '',
    } as const

    assert.ok(statusText(event).includes(body))
  })
})
