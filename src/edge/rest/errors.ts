import type { Version } from '../../a2a/version.ts'
import type { ErrorCode, ParleyError } from '../../errors.ts'
import { errorDetails } from '../error-details.ts'
import { errorObject } from '../jsonrpc/errors.ts'
import { legacyErrorName } from '../legacy-error-name.ts'
import { RPC_CODES, RPC_STATUS } from '../rpc-status.ts'

/** Failures of HTTP itself have their own statuses; all others have those of their google.rpc.Code (A2A 1.0 §5.4). */
const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  method_not_allowed: 405,
  method_not_found: 404,
  payload_too_large: 413,
}

/** What servers of A2A 0.3 answer, which says little about errors over HTTP. */
const STATUS_IN_0_3: Readonly<Partial<Record<ErrorCode, number>>> = {
  ...STATUS,
  task_not_cancelable: 409,
  push_notification_not_supported: 501,
  unsupported_operation: 501,
  content_type_not_supported: 415,
  invalid_agent_response: 502,
}

/** The HTTP status of a failure over REST. */
export function restStatus(code: ErrorCode, version: Version): number {
  const status = version === '0.3' ? STATUS_IN_0_3[code] : STATUS[code]
  return status ?? RPC_CODES[RPC_STATUS[code]].http
}

/**
 * An answer that says what went wrong: google.rpc.Status in 1.0 (§11.6), the error of JSON-RPC in 0.3. What 0.3 has in `error`
 * is for clients on the Java SDK, which know an error by the name of its class, and break where there is none.
 */
export function errorBody(error: ParleyError, requestId: string, version: Version): object {
  if (version === '0.3') {
    return {
      error: `io.a2a.spec.${legacyErrorName(error.code)}`,
      ...errorObject(error, requestId, version),
    }
  }
  return {
    error: {
      code: restStatus(error.code, version),
      status: RPC_STATUS[error.code],
      message: error.message,
      details: errorDetails(error, requestId),
    },
  }
}
