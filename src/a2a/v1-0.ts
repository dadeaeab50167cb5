import type { Dialect } from './dialect.ts'
import { withJsonNames } from './json-names.ts'
import { OPERATIONS } from './operation.ts'

/** A2A 1.0, which writes the same JSON in every binding and is what the gateway holds. */
export const V1_0: Dialect = {
  version: '1.0',
  operations: new Set(OPERATIONS),
  decodeRequest: (_operation, request) => withJsonNames(request),
  encodeResult: (_operation, result) => result,
  encodeEvent: (_operation, event) => event,
  encodeRequest: (_operation, request) => request,
  decodeResult: (_operation, result) => result,
  decodeEvent: (event) => event,
}
