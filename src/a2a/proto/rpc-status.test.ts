import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeErrorInfo, decodeStatus, encodeGrpcStatusDetails } from '@a2a-js/sdk/errors/grpc'
import { statusCodec } from './rpc-status.ts'

const INFO = {
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason: 'TASK_NOT_FOUND',
  domain: 'a2a-protocol.org',
  metadata: { taskId: 'tâche' },
}

describe('the details of a status', () => {
  it('are read by the official SDK', () => {
    const bytes = statusCodec.encode(JSON.stringify({ code: 5, message: 'Task not found', details: [INFO] }))

    const status = decodeStatus(Buffer.from(bytes))
    const [detail] = status.details
    assert.ok(detail)
    const info = decodeErrorInfo(Buffer.from(detail.value))
    assert.deepEqual({ code: status.code, message: status.message }, { code: 5, message: 'Task not found' })
    assert.equal(detail.typeUrl, INFO['@type'])
    assert.deepEqual({ '@type': detail.typeUrl, ...info }, INFO)
  })

  it('are read from the official SDK', () => {
    const bytes = encodeGrpcStatusDetails(5, 'Task not found', 'TASK_NOT_FOUND', { taskId: 'tâche' })

    assert.deepEqual(JSON.parse(statusCodec.decode(bytes)), {
      code: 5,
      message: 'Task not found',
      details: [INFO],
    })
  })

  it('of several kinds keep their order, and those of an unknown kind their bytes', () => {
    const violations = {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ field: 'message.parts', description: 'is required' }],
    }
    const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '2s' }
    const status = { code: 3, message: 'x', details: [INFO, violations, retry] }

    assert.deepEqual(JSON.parse(statusCodec.decode(statusCodec.encode(JSON.stringify(status)))), status)
    const unknown = Buffer.from([0x1a, 0x07, 0x0a, 0x01, 0x78, 0x12, 0x02, 0x01, 0x02])
    assert.deepEqual(JSON.parse(statusCodec.decode(unknown)), { details: [{ '@type': 'x', value: 'AQI=' }] })
  })
})
