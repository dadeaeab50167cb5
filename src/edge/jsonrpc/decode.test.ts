import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { post, scriptedApp } from '../http/scripted-app.case.ts'

const isWellFormed = (text: string): boolean => {
  const answer = JSON.parse(text) as {
    jsonrpc: string
    id: unknown
    error?: { code: number; message: string; data: unknown[] }
  }
  const { error } = answer
  if (answer.jsonrpc !== '2.0' || !('id' in answer)) return false
  return (
    error === undefined || (Number.isInteger(error.code) && error.message !== '' && Array.isArray(error.data))
  )
}

/** Envelopes that are nearly right. */
const envelope = fc.record(
  {
    jsonrpc: fc.oneof(fc.constant('2.0'), fc.jsonValue()),
    id: fc.jsonValue(),
    method: fc.oneof(fc.constantFrom('SendMessage', 'GetTask', 'ListTasks', 'tasks/get'), fc.jsonValue()),
    params: fc.oneof(fc.record({ id: fc.jsonValue(), message: fc.jsonValue() }), fc.jsonValue()),
  },
  { requiredKeys: [] },
)

describe('any bytes', () => {
  const { app } = scriptedApp()

  const answerTo = async (body: string | Uint8Array<ArrayBuffer>) => {
    const response = await app.request('/a2a/echo', { ...post(''), body })
    assert.ok([200, 413].includes(response.status), `status ${response.status}`)
    assert.ok(isWellFormed(await response.text()))
  }

  it('get a well-formed answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) => answerTo(new Uint8Array(bytes))),
    )
  })

  it('get a well-formed answer when they are JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(envelope, fc.jsonValue()), (value) => answerTo(JSON.stringify(value))),
    )
  })

  it('get a well-formed answer when they are truncated JSON', async () => {
    await fc.assert(
      fc.asyncProperty(envelope, fc.nat(300), (value, length) =>
        answerTo(JSON.stringify(value).slice(0, length)),
      ),
    )
  })

  it('get a well-formed answer when they nest without end', async () => {
    for (const open of [
      '[',
      '{"a":',
      '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"x":'.repeat(1),
    ]) {
      await answerTo(open.repeat(100_000 / open.length))
    }
    await answerTo(
      `{"jsonrpc":"2.0","id":1,"method":"GetTask","params":${'{"a":'.repeat(200)}1${'}'.repeat(200)}}`,
    )
  })
})
