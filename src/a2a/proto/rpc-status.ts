import { createCodec } from './codec.ts'
import { anyOf, many, mapOf, message, one } from './message-table.ts'

/** `google.rpc.Status` and the details we use, as `grpc-status-details-bin` carries them. */
const ErrorInfo = message('google.rpc.ErrorInfo', {
  reason: one(1, 'string'),
  domain: one(2, 'string'),
  metadata: mapOf(3, 'string'),
})

const FieldViolation = message('google.rpc.BadRequest.FieldViolation', {
  field: one(1, 'string'),
  description: one(2, 'string'),
  reason: one(3, 'string'),
})

const BadRequest = message('google.rpc.BadRequest', { fieldViolations: many(1, FieldViolation) })

const RetryInfo = message('google.rpc.RetryInfo', { retryDelay: one(1, 'duration') })

const Status = message('google.rpc.Status', {
  code: one(1, 'int32'),
  message: one(2, 'string'),
  details: many(3, anyOf(ErrorInfo, BadRequest, RetryInfo)),
})

/** JSON: `{ code, message, details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", … }] }`. */
export const statusCodec = createCodec(Status)
