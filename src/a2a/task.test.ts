import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sendMessageResponseCheck, streamResponseCheck, taskCheck } from './task.ts'
import type { Check } from './wire.ts'

const status = { state: 'TASK_STATE_WORKING' }
const task = { id: 't-1', contextId: 'c-1', status }
const message = { messageId: 'm-1', role: 'ROLE_AGENT', parts: [{ text: 'hello' }] }
const artifact = { artifactId: 'a-1', parts: [{ text: 'x' }] }

const violationsOf = <T>(what: Check<T>, value: unknown): readonly string[] =>
  what.violations(value).map(({ pointer, code }) => `${pointer} ${code}`)

describe('a task of an agent', () => {
  it('needs an id and a status with a state', () => {
    assert.deepEqual(violationsOf(taskCheck, task), [])
    assert.deepEqual(violationsOf(taskCheck, {}).toSorted(), ['/id required', '/status required'])
    assert.deepEqual(violationsOf(taskCheck, { ...task, status: {} }), ['/status/state required'])
  })

  it('may come without a context, which the gateway has its own of', () => {
    assert.deepEqual(violationsOf(taskCheck, { id: 't-1', status, contextId: '' }), [])
  })

  it('is in a state that exists', () => {
    for (const state of ['TASK_STATE_UNSPECIFIED', 'TASK_STATE_EXPLODED', 'working', 3]) {
      assert.deepEqual(violationsOf(taskCheck, { ...task, status: { state } }), ['/status/state enum'])
    }
  })

  it('has artifacts with an id and whole parts', () => {
    assert.deepEqual(violationsOf(taskCheck, { ...task, artifacts: [{ parts: [{}] }] }).toSorted(), [
      '/artifacts/0/artifactId required',
      '/artifacts/0/parts/0 oneOf',
    ])
    assert.deepEqual(
      violationsOf(taskCheck, { ...task, artifacts: [artifact, { ...artifact, parts: [] }] }),
      [],
    )
  })
})

describe('an event of a stream', () => {
  it('has exactly one member', () => {
    const statusUpdate = { taskId: 't-1', contextId: 'c-1', status }
    const artifactUpdate = { taskId: 't-1', artifact, append: true, lastChunk: false }

    for (const event of [{ task }, { message }, { statusUpdate }, { artifactUpdate }]) {
      assert.deepEqual(violationsOf(streamResponseCheck, event), [], JSON.stringify(event))
    }
    for (const event of [{}, { task, message }, { statusUpdate, artifactUpdate }, { kind: 'task' }]) {
      assert.deepEqual(violationsOf(streamResponseCheck, event), [' oneOf'], JSON.stringify(event))
    }
  })

  it('names its task', () => {
    assert.deepEqual(violationsOf(streamResponseCheck, { statusUpdate: { status } }), [
      '/statusUpdate/taskId required',
    ])
  })
})

describe('an answer to SendMessage', () => {
  it('is a task or a message', () => {
    assert.deepEqual(violationsOf(sendMessageResponseCheck, { task }), [])
    assert.deepEqual(violationsOf(sendMessageResponseCheck, { message }), [])
    assert.deepEqual(violationsOf(sendMessageResponseCheck, { task, message }), [' oneOf'])
    assert.deepEqual(violationsOf(sendMessageResponseCheck, { statusUpdate: {} }), [' oneOf'])
  })
})
