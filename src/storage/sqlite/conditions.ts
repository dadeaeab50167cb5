import type { Param } from './connection.ts'

/** SQL conditions and their values, numbered in the order they are added. */
export class Conditions {
  readonly params: Param[] = []
  readonly #terms: string[] = []

  /** `{}` in `term` stands for the next value each. */
  add(term: string, ...values: Param[]): this {
    let next = 0
    this.#terms.push(term.replaceAll('{}', () => this.param(values[next++] ?? null)))
    return this
  }

  addIf(column: string, value: Param | undefined): this {
    return value === undefined ? this : this.add(`${column} = {}`, value)
  }

  addAny(column: string, values: readonly string[] | undefined): this {
    if (values === undefined) return this
    return this.add(`${column} IN (SELECT value FROM json_each({}))`, JSON.stringify(values))
  }

  param(value: Param): string {
    return `?${this.params.push(value)}`
  }

  toString(): string {
    return this.#terms.join(' AND ')
  }
}
