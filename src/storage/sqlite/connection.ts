import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'

export type Row = Readonly<Record<string, SQLOutputValue>>
export type Param = SQLInputValue

/** Statements a connection keeps compiled. */
const MAX_STATEMENTS = 256

/** One connection and its compiled statements. */
export class Connection implements Disposable {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  /** `lockTimeoutMs` blocks the thread; it is 0 wherever an event loop must go on. */
  constructor(path: string, options: { readonly readOnly?: boolean; readonly lockTimeoutMs?: number } = {}) {
    this.#db = new DatabaseSync(path, {
      readOnly: options.readOnly ?? false,
      timeout: options.lockTimeoutMs ?? 0,
      enableForeignKeyConstraints: false,
    })
  }

  /** False after SQLite rolled back by itself, as it does when a disk is full. */
  get isTransaction(): boolean {
    return this.#db.isTransaction
  }

  /** Runs statements that are not worth keeping. */
  exec(sql: string): void {
    this.#db.exec(sql)
  }

  get(sql: string, ...params: Param[]): Row | undefined {
    return this.#prepare(sql).get(...params)
  }

  all(sql: string, ...params: Param[]): readonly Row[] {
    return this.#prepare(sql).all(...params)
  }

  /** Reads row by row; only one such reading of a statement may go on at a time. */
  iterate(sql: string, ...params: Param[]): Iterable<Row> {
    return this.#prepare(sql).iterate(...params)
  }

  /** The rowid of the row it inserted, if it inserted one. */
  run(sql: string, ...params: Param[]): number {
    return Number(this.#prepare(sql).run(...params).lastInsertRowid)
  }

  /** How many rows it changed. */
  change(sql: string, ...params: Param[]): number {
    return Number(this.#prepare(sql).run(...params).changes)
  }

  [Symbol.dispose](): void {
    this.#statements.clear()
    if (this.#db.isOpen) this.#db.close()
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear()
    const statement = this.#db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}
