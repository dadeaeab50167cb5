import type { JsonText } from '../../a2a/json-text.ts'
import type { Version } from '../../a2a/version.ts'
import type { ParleyError } from '../../errors.ts'
import { errorObject } from './errors.ts'

/** Whom an answer is for. */
export type Told = {
  /** The request's id as its exact text. */
  readonly id: string
  readonly version: Version
  readonly requestId: string
}

/** A response around a result that is JSON text already. `id` is the request's exact text. */
export const encodeResult = (id: string, result: JsonText<unknown>): string =>
  `{"jsonrpc":"2.0","id":${id},"result":${result}}`

export const encodeError = ({ id, version, requestId }: Told, error: ParleyError): string =>
  `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(errorObject(error, requestId, version))}}`
