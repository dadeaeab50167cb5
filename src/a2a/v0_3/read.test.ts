import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Type from 'typebox'
import { violationsOf } from '../violations.case.ts'
import { check } from '../wire.ts'
import { jsonName } from './proto/json-name.ts'
import { checkAs, readMembers, readValue } from './read.ts'

describe('members of 0.3', () => {
  it('are left out when they are null', () => {
    assert.deepEqual([...readMembers('{"a":null,"b":0}')], [['b', '0']])
    assert.deepEqual(readValue({ a: null, b: [{ c: null }] }, jsonName), { b: [{}] })
  })

  it('are known by their JSON names, however they are spelled', () => {
    const text = '{"message_id":"m","request":1,"update":null,"task_ids_2":2}'

    assert.deepEqual(
      [...readMembers(text, jsonName)],
      [
        ['messageId', '"m"'],
        ['message', '1'],
        ['taskIds2', '2'],
      ],
    )
  })

  it('count by their JSON name when they are spelled twice', () => {
    for (const text of ['{"task_id":1,"taskId":2}', '{"taskId":2,"task_id":1}']) {
      assert.equal(readMembers(text, jsonName).get('taskId'), '2')
      assert.deepEqual(readValue(JSON.parse(text), jsonName), { taskId: 2 })
    }
    assert.equal(readMembers('{"taskId":null,"task_id":1}', jsonName).get('taskId'), '1')
  })

  it('are left alone in what is the user’s', () => {
    const value = { metadata: { snake_case: null }, data: { snake_case: null } }

    assert.deepEqual(readValue(value, jsonName), value)
  })

  it('may be called like members of every object', () => {
    const value = JSON.parse('{"__proto__":{"a":1},"constructor":null}') as object

    assert.deepEqual(Object.entries(readValue(value, jsonName) as object), [['__proto__', { a: 1 }]])
  })
})

describe('violations in 0.3', () => {
  const schema = check(
    Type.Object({
      message: Type.Object({
        messageId: Type.String(),
        parts: Type.Array(Type.Object({ mimeType: Type.String() })),
      }),
    }),
  )

  it('point into what was written', () => {
    const value = { request: { message_id: 5, parts: [{ mimeType: 'a' }, { mime_type: 5 }] } }

    assert.deepEqual(
      violationsOf(() => checkAs(schema, value, jsonName)),
      ['/request/message_id type', '/request/parts/1/mime_type type'],
    )
  })

  it('name a missing member by its JSON name', () => {
    assert.deepEqual(
      violationsOf(() => checkAs(schema, { request: { parts: [] } }, jsonName)),
      ['/request/messageId required'],
    )
  })
})
