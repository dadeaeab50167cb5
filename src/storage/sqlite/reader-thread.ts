import { Worker } from 'node:worker_threads'
import type { Param, Row } from './connection.ts'
import { toStorageError } from './errors.ts'

type Query = { readonly sql: string; readonly params: readonly Param[] }
type Checkpoint = { readonly checkpoint: true }

export type ReaderRequest = { readonly id: number } & (Query | Checkpoint)

export type ReaderResponse =
  | { readonly id: number; readonly rows: readonly Row[] }
  | { readonly id: number; readonly message: string; readonly errcode: number | undefined }

/** Reads that may take long. They see every commit answered before they began. */
export interface Reader {
  all(sql: string, ...params: Param[]): Promise<readonly Row[]>
}

type Pending = { resolve(rows: readonly Row[]): void; reject(error: unknown): void }

/** The thread's file has this module's extension: `.ts` in the sources, `.js` when built. */
const threadUrl = (): URL => {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
  return new URL(`./reader-thread-main${extension}`, import.meta.url)
}

/** A thread with a connection of its own, started by its first use, so that long reads do not hold up the rest. */
export class ReaderThread implements Reader, AsyncDisposable {
  readonly #path: string
  readonly #pending = new Map<number, Pending>()
  #worker: Worker | undefined
  #lastId = 0
  #closed = false
  #idle: (() => void) | undefined

  constructor(path: string) {
    this.#path = path
  }

  all(sql: string, ...params: Param[]): Promise<readonly Row[]> {
    return this.#ask({ sql, params })
  }

  /** Moves committed pages into the database file, as far as no reader or other checkpoint is in the way. */
  async checkpoint(): Promise<void> {
    await this.#ask({ checkpoint: true })
  }

  #ask(question: Query | Checkpoint): Promise<readonly Row[]> {
    if (this.#closed) return Promise.reject(new Error('The database is closed'))
    const worker = this.#worker ?? this.#start()
    return new Promise((resolve, reject) => {
      const request: ReaderRequest = { id: ++this.#lastId, ...question }
      if (this.#pending.size === 0) worker.ref()
      this.#pending.set(request.id, { resolve, reject })
      worker.postMessage(request)
    })
  }

  /** Waits for the reads under way and refuses later ones. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    if (this.#pending.size > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(threadUrl(), { workerData: this.#path, name: 'sqlite-reader' })
    worker.unref()
    worker.on('message', (response: ReaderResponse) => this.#answer(worker, response))
    worker.on('error', (error) => this.#fail(worker, error))
    worker.on('exit', () => this.#fail(worker, new Error('The reader thread ended')))
    this.#worker = worker
    return worker
  }

  #answer(worker: Worker, response: ReaderResponse): void {
    const pending = this.#pending.get(response.id)
    this.#pending.delete(response.id)
    if ('rows' in response) pending?.resolve(response.rows)
    else {
      const error = new Error(response.message)
      pending?.reject(toStorageError(Object.assign(error, { errcode: response.errcode })))
    }
    if (this.#pending.size > 0) return
    worker.unref()
    this.#idle?.()
  }

  /** Reads under way fail; the next read starts a new thread. */
  #fail(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    for (const pending of this.#pending.values()) pending.reject(error)
    this.#pending.clear()
    this.#idle?.()
  }
}
