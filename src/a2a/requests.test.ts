import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  cancelTaskRequest,
  getTaskRequest,
  listTasksRequest,
  sendMessageRequest,
  subscribeToTaskRequest,
} from './requests.ts'
import type { Check } from './wire.ts'

const message = { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'hello' }] }

const violationsOf = <T>(request: Check<T>, value: unknown): readonly string[] =>
  request.violations(value).map(({ pointer, code }) => `${pointer} ${code}`)

describe('SendMessage', () => {
  const send = (value: unknown) => violationsOf(sendMessageRequest, value)

  it('needs a message', () => {
    assert.deepEqual(send({}), ['/message required'])
    assert.deepEqual(send({ message }), [])
  })

  it('points into the message', () => {
    assert.deepEqual(send({ message: { ...message, parts: [{}] } }), ['/message/parts/0 oneOf'])
  })

  it('accepts a history length from 0 to the largest int32', () => {
    for (const historyLength of [0, 1, 2_147_483_647]) {
      assert.deepEqual(send({ message, configuration: { historyLength } }), [])
    }
    assert.deepEqual(send({ message, configuration: { historyLength: -1 } }), [
      '/configuration/historyLength minimum',
    ])
    assert.deepEqual(send({ message, configuration: { historyLength: 1.5 } }), [
      '/configuration/historyLength type',
    ])
    assert.deepEqual(send({ message, configuration: { historyLength: 2 ** 31 } }), [
      '/configuration/historyLength maximum',
    ])
  })

  it('accepts unknown members everywhere', () => {
    assert.deepEqual(send({ message, configuration: { blocking: true }, later: 1 }), [])
  })

  it('takes returnImmediately as a boolean only', () => {
    assert.deepEqual(send({ message, configuration: { returnImmediately: 'true' } }), [
      '/configuration/returnImmediately type',
    ])
  })
})

describe('GetTask, CancelTask and SubscribeToTask', () => {
  const requests: readonly [string, Check<unknown>][] = [
    ['GetTask', getTaskRequest],
    ['CancelTask', cancelTaskRequest],
    ['SubscribeToTask', subscribeToTaskRequest],
  ]
  for (const [name, request] of requests) {
    it(`${name} needs an id of 1 to 256 characters`, () => {
      assert.deepEqual(violationsOf(request, {}), ['/id required'])
      assert.deepEqual(violationsOf(request, { id: '' }), ['/id minLength'])
      assert.deepEqual(violationsOf(request, { id: 'x'.repeat(257) }), ['/id maxLength'])
      assert.deepEqual(violationsOf(request, { id: 7 }), ['/id type'])
      assert.deepEqual(violationsOf(request, { id: "a/b#'%\u0000😀", tenant: '', extra: null }), [])
    })
  }

  it('GetTask refuses a negative history length', () => {
    assert.deepEqual(violationsOf(getTaskRequest, { id: 't', historyLength: -1 }), ['/historyLength minimum'])
    assert.deepEqual(violationsOf(getTaskRequest, { id: 't', historyLength: 0 }), [])
  })
})

describe('ListTasks', () => {
  const list = (value: unknown) => violationsOf(listTasksRequest, value)

  it('needs nothing', () => {
    assert.deepEqual(list({}), [])
  })

  it('accepts a page size from 1 to 100', () => {
    for (const pageSize of [1, 100]) assert.deepEqual(list({ pageSize }), [])
    for (const pageSize of [0, -1]) assert.deepEqual(list({ pageSize }), ['/pageSize minimum'])
    assert.deepEqual(list({ pageSize: 101 }), ['/pageSize maximum'])
    assert.deepEqual(list({ pageSize: '10' }), ['/pageSize type'])
  })

  it('accepts the name of a state, and UNSPECIFIED for none', () => {
    for (const status of ['TASK_STATE_WORKING', 'TASK_STATE_UNSPECIFIED'])
      assert.deepEqual(list({ status }), [])
    for (const status of ['working', 2, '']) assert.notDeepEqual(list({ status }), [], String(status))
  })

  it('points at a status it does not know', () => {
    const pointers = listTasksRequest.violations({ status: 'working' }).map(({ pointer }) => pointer)

    assert.ok(pointers.every((pointer) => pointer === '/status'))
  })

  it('accepts an instant of RFC 3339 and nothing else', () => {
    for (const instant of ['2026-01-31T10:00:00Z', '2026-01-31T10:00:00.123Z', '2026-01-31T10:00:00+02:00']) {
      assert.deepEqual(list({ statusTimestampAfter: instant }), [], instant)
    }
    for (const text of [
      '',
      'yesterday',
      '2026-01-31',
      '2026-13-01T00:00:00Z',
      '2026-01-31T10:00:00',
      '1700000000',
    ]) {
      assert.deepEqual(list({ statusTimestampAfter: text }), ['/statusTimestampAfter format'], text)
    }
  })
})
