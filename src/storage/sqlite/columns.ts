import type { Row } from './connection.ts'

/** Columns by the type the schema gives them. Anything else means that the file is not ours. */
export function textIn(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`Column ${column} holds no text`)
  return value
}

export function integerIn(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new TypeError(`Column ${column} holds no integer`)
  return value
}

/** The version of a stored row as commits expect it: 0 while there is none. */
export const versionIn = (row: Row | undefined): number => (row === undefined ? 0 : integerIn(row, 'version'))

export const textOrNullIn = (row: Row, column: string): string | undefined =>
  row[column] === null ? undefined : textIn(row, column)

export const integerOrNullIn = (row: Row, column: string): number | undefined =>
  row[column] === null ? undefined : integerIn(row, column)
