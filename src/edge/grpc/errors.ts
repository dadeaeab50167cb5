import { statusCodec } from '../../a2a/proto/rpc-status.ts'
import type { Version } from '../../a2a/version.ts'
import type { ErrorCode, ParleyError } from '../../errors.ts'
import { type ErrorDetail, errorDetails } from '../error-details.ts'
import { legacyErrorName } from '../legacy-error-name.ts'
import { RPC_CODES, RPC_STATUS } from '../rpc-status.ts'
import type { GrpcStatus } from './grpc-call.ts'

/** Many clients take trailers of 8 KiB in all, and base64 makes the details a third longer. */
const MAX_DETAILS_BYTES = 4096
/** In percent-encoding a byte may become three. */
const MAX_MESSAGE_BYTES = 1024
/** No id of ours is longer. */
const MAX_FACT_LENGTH = 256

export const grpcCode = (code: ErrorCode): number => RPC_CODES[RPC_STATUS[code]].number

/**
 * How gRPC tells a failure: code and message, and the details of A2A 1.0 §10.6 as a `google.rpc.Status` in the trailers. The
 * message of 0.3 begins with the error's name: by nothing else do the SDKs of Python and Java know it. `challenge` is told as HTTP does.
 */
export function statusOf(
  error: ParleyError,
  requestId: string,
  version: Version,
  challenge?: string,
): GrpcStatus {
  const code = grpcCode(error.code)
  const told = version === '0.3' ? `${legacyErrorName(error.code)}: ${error.message}` : error.message
  const message = beginningOf(told)
  const details = statusBytes(code, message, errorDetails(error, requestId))
  return {
    code,
    message,
    trailers: {
      'grpc-status-details-bin': details.toString('base64'),
      'x-request-id': requestId,
      ...(challenge !== undefined && { 'www-authenticate': challenge }),
    },
  }
}

function beginningOf(text: string): string {
  let beginning = text.slice(0, MAX_MESSAGE_BYTES)
  while (Buffer.byteLength(beginning) > MAX_MESSAGE_BYTES)
    beginning = beginning.slice(0, -beginning.length / 4)
  return beginning.toWellFormed()
}

/** Tells as much as there is room for: what is long is cut, then the number of violations. */
function statusBytes(code: number, message: string, details: readonly ErrorDetail[]): Buffer {
  const bytes = Buffer.from(statusCodec.encode(JSON.stringify({ code, message, details })))
  if (bytes.length <= MAX_DETAILS_BYTES) return bytes
  const smaller = details.flatMap(smallerOf)
  return JSON.stringify(smaller) === JSON.stringify(details) ? bytes : statusBytes(code, message, smaller)
}

function smallerOf(detail: ErrorDetail): readonly ErrorDetail[] {
  if ('metadata' in detail) {
    const facts = Object.entries(detail.metadata).map(([name, fact]) => [
      name,
      fact.slice(0, MAX_FACT_LENGTH),
    ])
    return [{ ...detail, metadata: Object.fromEntries(facts) }]
  }
  if (!('fieldViolations' in detail)) return [detail]
  const fieldViolations = detail.fieldViolations.slice(0, detail.fieldViolations.length >> 1)
  return fieldViolations.length === 0 ? [] : [{ ...detail, fieldViolations }]
}
