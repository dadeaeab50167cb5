import type { JsonText } from './json-text.ts'
import type { Operation, StreamOperation, UnaryOperation } from './operation.ts'
import type { StreamResponse } from './task.ts'
import type { Version } from './version.ts'
import type { Wire } from './wire.ts'

/**
 * How one version of A2A writes, in one of its JSON forms, what the gateway holds as wire JSON of 1.0. Edges decode
 * requests and encode answers with it; upstream does the reverse.
 *
 * Everything is text. What users wrote (`metadata`, `data`, members nobody knows) passes byte for byte; only what the
 * versions spell differently is rewritten.
 */
export interface Dialect {
  readonly version: Version
  /** What this version offers. The other methods are called with these only. */
  readonly operations: ReadonlySet<Operation>

  /** A client's request as one of 1.0. Throws `invalid_params`, its pointers into what was given. */
  decodeRequest(operation: Operation, request: Wire<unknown>): Wire<unknown>
  /** The 1.0 result of an operation for a client. */
  encodeResult(operation: UnaryOperation, result: JsonText<unknown>): string
  /** One 1.0 event of a stream for a client. */
  encodeEvent(operation: StreamOperation, event: JsonText<StreamResponse>): string

  /** A valid 1.0 request for an agent. */
  encodeRequest(operation: Operation, request: JsonText<unknown>): string
  /** An agent's result as one of 1.0, which is still to be checked against it. Throws `invalid_params` for what is none of this version. */
  decodeResult(operation: UnaryOperation, result: Wire<unknown>): Wire<unknown>
  /** One event of an agent's stream; as `decodeResult`. */
  decodeEvent(event: Wire<unknown>): Wire<unknown>
}
