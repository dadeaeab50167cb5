import type { Dialect } from '../dialect.ts'
import { OPERATIONS, type Operation, type StreamOperation, type UnaryOperation } from '../operation.ts'
import { type Check, type Wire, wireOf } from '../wire.ts'
import { checkAs, type NameOf } from './read.ts'

/** What A2A 0.3 offers: everything but a list of tasks. */
type LegacyOperation = Exclude<Operation, 'ListTasks'>
type LegacyUnaryOperation = Exclude<UnaryOperation, 'ListTasks'>

const LEGACY_OPERATIONS: ReadonlySet<Operation> = new Set(
  OPERATIONS.filter((operation) => operation !== 'ListTasks'),
)

/** One operation's request in 0.3 ⇄ its request in 1.0. `decode` is given what `check` accepts. */
export type RequestForm = {
  readonly check: Check<unknown>
  readonly decode: (request: string) => string
  readonly encode: (request: string) => string
}

/** An agent's answer in 0.3 as text of 1.0. Throws `invalid_params` for what is no such answer. */
export type DecodeAnswer = (answer: Wire<unknown>) => string

/** One operation's result in 0.3 ⇄ its result in 1.0. */
export type ResultForm = {
  readonly decode: DecodeAnswer
  readonly encode: (result: string) => string
}

export type RequestForms = Readonly<Record<LegacyOperation, RequestForm>>
export type ResultForms = Readonly<Record<LegacyUnaryOperation, ResultForm>>

/** One of the JSON forms of 0.3, as the forms of its operations. */
export function legacyDialect(form: {
  readonly nameOf: NameOf
  readonly requests: RequestForms
  readonly results: ResultForms
  readonly decodeEvent: DecodeAnswer
  readonly encodeEvent: (event: string, operation: StreamOperation) => string
}): Dialect {
  const { nameOf, requests, results, decodeEvent, encodeEvent } = form
  return {
    version: '0.3',
    operations: LEGACY_OPERATIONS,
    decodeRequest(operation, request) {
      const { check, decode } = rowOf(requests, operation)
      checkAs(check, request.value, nameOf)
      return wireOf(decode(request.text))
    },
    encodeRequest: (operation, request) => rowOf(requests, operation).encode(request),
    encodeResult: (operation, result) => rowOf(results, operation).encode(result),
    decodeResult: (operation, result) => wireOf(rowOf(results, operation).decode(result)),
    encodeEvent: (operation, event) => encodeEvent(event, operation),
    decodeEvent: (event) => wireOf(decodeEvent(event)),
  }
}

/** Decodes what the check accepts of an answer whose members `nameOf` knows. */
export const checked =
  (nameOf: NameOf, check: Check<unknown>, decode: (text: string) => string): DecodeAnswer =>
  ({ value, text }) => {
    checkAs(check, value, nameOf)
    return decode(text)
  }

/** The row of an operation that a caller must not ask for when 0.3 does not have it. */
function rowOf<Row>(table: Readonly<Record<string, Row>>, operation: Operation): Row {
  const row = table[operation]
  if (row === undefined) throw new TypeError(`A2A 0.3 has no ${operation}`)
  return row
}
