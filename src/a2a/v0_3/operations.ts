import { OPERATIONS, type Operation, type UnaryOperation } from '../operation.ts'

/** What A2A 0.3 offers: everything but a list of tasks. */
export type LegacyOperation = Exclude<Operation, 'ListTasks'>
export type LegacyUnaryOperation = Exclude<UnaryOperation, 'ListTasks'>

export const LEGACY_OPERATIONS: ReadonlySet<Operation> = new Set(
  OPERATIONS.filter((operation) => operation !== 'ListTasks'),
)

/** The row of an operation that a caller must not ask for when 0.3 does not have it. */
export function rowOf<Row>(table: Readonly<Record<string, Row>>, operation: Operation): Row {
  const row = table[operation]
  if (row === undefined) throw new TypeError(`A2A 0.3 has no ${operation}`)
  return row
}
