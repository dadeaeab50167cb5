import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Message } from './message.ts'
import { check } from './wire.ts'

const messageCheck = check(Message)

const message = { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'hello' }] }

const violationsOf = (value: unknown): readonly string[] =>
  messageCheck.violations(value).map(({ pointer, code }) => `${pointer} ${code}`)

const without = (name: keyof typeof message): object =>
  Object.fromEntries(Object.entries(message).filter(([key]) => key !== name))

describe('a message', () => {
  it('is accepted with its required members only', () => {
    assert.deepEqual(violationsOf(message), [])
  })

  for (const name of ['messageId', 'role', 'parts'] as const) {
    it(`needs ${name}`, () => {
      assert.deepEqual(violationsOf(without(name)), [`/${name} required`])
    })
  }

  it('may have members that A2A does not know', () => {
    const value = { ...message, future: [1], parts: [{ text: 'x', future: {} }] }

    assert.deepEqual(violationsOf(value), [])
  })

  it('has at least one part', () => {
    assert.deepEqual(violationsOf({ ...message, parts: [] }), ['/parts minItems'])
  })

  it('has a role that is a name of the enum', () => {
    for (const role of ['ROLE_UNSPECIFIED', 'user', 1, '']) {
      assert.deepEqual(violationsOf({ ...message, role }), ['/role enum'], String(role))
    }
  })

  it('takes an empty contextId or taskId as not given, and refuses an empty messageId', () => {
    assert.deepEqual(violationsOf({ ...message, contextId: '', taskId: '' }), [])
    assert.deepEqual(violationsOf({ ...message, messageId: '' }), ['/messageId minLength'])
  })

  it('refuses ids longer than 256 characters', () => {
    const id = 'x'.repeat(257)

    assert.deepEqual(violationsOf({ ...message, contextId: id }), ['/contextId maxLength'])
    assert.deepEqual(violationsOf({ ...message, contextId: id.slice(1) }), [])
  })

  it('has metadata that is an object', () => {
    for (const metadata of [null, [], 'x', 1]) {
      assert.deepEqual(violationsOf({ ...message, metadata }), ['/metadata type'], JSON.stringify(metadata))
    }
  })
})

describe('a part', () => {
  const withPart = (part: unknown) => violationsOf({ ...message, parts: [part] })

  it('holds exactly one of text, raw, url and data', () => {
    for (const part of [
      { text: '' },
      { raw: '' },
      { raw: 'aGk=' },
      { url: 'https://x.example' },
      { data: {} },
    ]) {
      assert.deepEqual(withPart(part), [], JSON.stringify(part))
    }
    for (const part of [{}, { mediaType: 'text/plain' }, { text: 'a', data: 1 }, { raw: 'aGk=', url: 'x' }]) {
      assert.deepEqual(withPart(part), ['/parts/0 oneOf'], JSON.stringify(part))
    }
  })

  it('may hold any JSON value as data, null among them', () => {
    for (const data of [null, 0, false, '', [], {}, [null]]) {
      assert.deepEqual(withPart({ data }), [], JSON.stringify(data))
    }
  })

  it('counts data: null beside text as a second content', () => {
    assert.deepEqual(withPart({ text: 'a', data: null }), ['/parts/0 oneOf'])
  })

  it('holds raw as base64, standard or URL-safe', () => {
    assert.deepEqual(withPart({ raw: 'a-_b' }), [])
    assert.deepEqual(withPart({ raw: 'not base64!' }), ['/parts/0/raw pattern'])
  })

  it('is an object', () => {
    for (const part of [null, 'text', 1, []]) {
      assert.notDeepEqual(withPart(part), [], JSON.stringify(part))
    }
  })

  it('holds text that is a string', () => {
    assert.deepEqual(withPart({ text: 1 }), ['/parts/0/text type'])
    assert.deepEqual(withPart({ text: null }), ['/parts/0/text type'])
  })
})
