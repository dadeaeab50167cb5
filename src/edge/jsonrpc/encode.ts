import type { JsonText } from '../../a2a/json-text.ts'
import type { ParleyError } from '../../errors.ts'
import { errorObject } from './errors.ts'

/** A response around a result that is JSON text already. `id` is the request's exact text. */
export const encodeResult = (id: string, result: JsonText<unknown>): string =>
  `{"jsonrpc":"2.0","id":${id},"result":${result}}`

export const encodeError = (id: string, error: ParleyError, requestId: string): string =>
  `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(errorObject(error, requestId))}}`
