import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withJsonNames } from './json-names.ts'
import { wireOf } from './wire.ts'

const named = (text: string): string => {
  const { value, text: made } = withJsonNames(wireOf(text))
  assert.deepEqual(value, JSON.parse(made))
  return made
}

describe('a request in the names of the .proto files', () => {
  it('gets the names of its JSON, in the request, its message and its configuration', () => {
    assert.equal(
      named('{"context_id":"c","page_size":2,"include_artifacts":false,"status_timestamp_after":"t"}'),
      '{"contextId":"c","pageSize":2,"includeArtifacts":false,"statusTimestampAfter":"t"}',
    )
    assert.equal(
      named('{"message":{"message_id":"m","task_id":"t"},"configuration":{"return_immediately":true}}'),
      '{"message":{"messageId":"m","taskId":"t"},"configuration":{"returnImmediately":true}}',
    )
  })

  it('keeps what users wrote byte for byte, whatever it is called', () => {
    const metadata = '{"context_id": 1.0, "task_id":[ {"page_size":2e3}] }'

    assert.equal(
      named(`{"task_id":"t","metadata":${metadata},"message":{"metadata":${metadata},"message_id":"m"}}`),
      `{"taskId":"t","metadata":${metadata},"message":{"metadata":${metadata},"messageId":"m"}}`,
    )
  })

  it('is left alone where the JSON name is there too, which then counts', () => {
    assert.equal(named('{"task_id":"a","taskId":"b"}'), '{"task_id":"a","taskId":"b"}')
  })

  it('is the very same where it has none of them', () => {
    for (const text of ['{"id":"t","historyLength":1,"metadata":{"task_id":"x"}}', '[]', 'null', '{}']) {
      const request = wireOf(text)

      assert.equal(withJsonNames(request), request)
    }
  })
})
