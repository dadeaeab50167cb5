import type { ErrorCode } from '../errors.ts'
import { jsonRpcCode } from './jsonrpc/errors.ts'

/** What A2A 0.3 §8 calls its errors, by the codes they have over JSON-RPC. */
const NAMES: Readonly<Record<number, string>> = {
  [-32700]: 'JSONParseError',
  [-32600]: 'InvalidRequestError',
  [-32601]: 'MethodNotFoundError',
  [-32602]: 'InvalidParamsError',
  [-32001]: 'TaskNotFoundError',
  [-32002]: 'TaskNotCancelableError',
  [-32003]: 'PushNotificationNotSupportedError',
  [-32004]: 'UnsupportedOperationError',
  [-32005]: 'ContentTypeNotSupportedError',
  [-32006]: 'InvalidAgentResponseError',
  [-32007]: 'AuthenticatedExtendedCardNotConfiguredError',
}

/**
 * The name of a failure in 0.3. Over REST and gRPC 0.3 says nothing about errors; SDKs know one by its name there, or not at
 * all.
 */
export const legacyErrorName = (code: ErrorCode): string => NAMES[jsonRpcCode(code, '0.3')] ?? 'InternalError'
