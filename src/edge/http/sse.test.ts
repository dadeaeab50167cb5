import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sseEvent } from './sse.ts'

describe('an event of a stream', () => {
  it('is one line of data, also where a client wrote its JSON over many', () => {
    const pretty = JSON.stringify({ text: 'a\nb', parts: [1, 2] }, null, 2).replaceAll('\n', '\r\n')

    const [id, data, ...rest] = sseEvent(pretty, 7).split(/\r\n|\n|\r/)

    assert.equal(id, 'id: 7')
    assert.deepEqual(JSON.parse(data?.slice('data: '.length) ?? ''), { text: 'a\nb', parts: [1, 2] })
    assert.deepEqual(rest, ['', ''])
  })
})
