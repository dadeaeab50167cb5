import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { statusCodec } from '../../a2a/proto/rpc-status.ts'
import { type ErrorCode, ParleyError } from '../../errors.ts'
import { statusOf } from './errors.ts'
import type { GrpcStatus } from './grpc-call.ts'

const withViolations = (count: number) =>
  new ParleyError('invalid_params', 'Much is wrong', {
    violations: Array.from({ length: count }, (_, at) => ({
      pointer: `/message/parts/${at}/${'x'.repeat(40)}`,
      code: 'type',
      message: 'must be string',
    })),
  })

const detailsOf = ({ trailers }: GrpcStatus): Buffer =>
  Buffer.from(trailers['grpc-status-details-bin'] ?? '', 'base64')

const violationsIn = (error: ParleyError): number => {
  const { details } = JSON.parse(statusCodec.decode(detailsOf(statusOf(error, 'r', '1.0')))) as {
    details: [unknown, { fieldViolations?: object[] }?]
  }
  return details[1]?.fieldViolations?.length ?? 0
}

describe('a status', () => {
  it('tells every violation there is room for in the trailers of a client', () => {
    assert.equal(violationsIn(withViolations(10)), 10)
    const bytes = detailsOf(statusOf(withViolations(100), 'r', '1.0'))
    assert.ok(bytes.length > 0 && bytes.length <= 4096)
    assert.equal(violationsIn(withViolations(100)), 25)
  })

  it('has room for a fact of whatever length, as far as it fits', () => {
    const extensions = 'urn:x'.repeat(20_000)
    const error = new ParleyError('extension_support_required', 'No', {
      details: { extensions, taskId: 't' },
    })
    const bytes = detailsOf(statusOf(error, 'r', '1.0'))

    assert.ok(bytes.length <= 4096)
    const { details } = JSON.parse(statusCodec.decode(bytes))
    assert.deepEqual(details[0].metadata, {
      extensions: extensions.slice(0, 256),
      taskId: 't',
      requestId: 'r',
    })
  })

  it('has a message of bounded length that can be sent', () => {
    const { message } = statusOf(new ParleyError('invalid_params', `\ud800${'é'.repeat(5000)}`), 'r', '1.0')

    assert.ok(message.length > 100 && Buffer.byteLength(message) <= 1024)
    assert.ok(message.isWellFormed())
    const plain = statusOf(new ParleyError('invalid_params', 'x'.repeat(5000)), 'r', '1.0')
    assert.equal(plain.message.length, 1024)
  })

  it('begins in 0.3 with the name of the error, which is all its SDKs know it by', () => {
    const told = (code: ErrorCode) => statusOf(new ParleyError(code, 'Why'), 'r', '0.3').message

    assert.equal(told('task_not_found'), 'TaskNotFoundError: Why')
    assert.equal(told('task_not_cancelable'), 'TaskNotCancelableError: Why')
    assert.equal(told('version_not_supported'), 'InvalidRequestError: Why')
    assert.equal(told('agent_unavailable'), 'InternalError: Why')
  })
})
