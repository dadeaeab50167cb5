import { Metadata, type StatusObject } from '@grpc/grpc-js'
import { statusCodec } from '../../a2a/proto/rpc-status.ts'
import type { Version } from '../../a2a/version.ts'
import type { ErrorCode, ParleyError } from '../../errors.ts'
import { type ErrorDetail, errorDetails } from '../error-details.ts'
import { legacyErrorName } from '../legacy-error-name.ts'
import { RPC_CODES, RPC_STATUS } from '../rpc-status.ts'

/** Many clients take trailers of 8 KiB in all, and base64 makes the details a third longer. */
const MAX_DETAILS_BYTES = 4096
const MAX_MESSAGE_LENGTH = 1024

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
): StatusObject {
  const code = grpcCode(error.code)
  const told = version === '0.3' ? `${legacyErrorName(error.code)}: ${error.message}` : error.message
  const message = told.slice(0, MAX_MESSAGE_LENGTH).toWellFormed()
  const metadata = new Metadata()
  metadata.set('grpc-status-details-bin', statusBytes(code, message, errorDetails(error, requestId)))
  metadata.set('x-request-id', requestId)
  if (challenge !== undefined) metadata.set('www-authenticate', challenge)
  return { code, details: message, metadata }
}

/** Tells as many of the violations as there is room for. */
function statusBytes(code: number, message: string, details: readonly ErrorDetail[]): Buffer {
  const bytes = Buffer.from(statusCodec.encode(JSON.stringify({ code, message, details })))
  const canShrink = details.some((detail) => 'fieldViolations' in detail)
  return bytes.length > MAX_DETAILS_BYTES && canShrink
    ? statusBytes(code, message, details.flatMap(withFewerViolations))
    : bytes
}

function withFewerViolations(detail: ErrorDetail): readonly ErrorDetail[] {
  if (!('fieldViolations' in detail)) return [detail]
  const fieldViolations = detail.fieldViolations.slice(0, detail.fieldViolations.length >> 1)
  return fieldViolations.length === 0 ? [] : [{ ...detail, fieldViolations }]
}
