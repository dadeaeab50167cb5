/**
 * The reader thread: answers every request it is sent, in order. Queries run on a connection that cannot write;
 * checkpoints, which move what was committed into the database file, on one of their own.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { Connection } from './connection.ts'
import type { ReaderRequest, ReaderResponse } from './reader-thread.ts'

/** Blocking is fine here: nobody else runs on this thread. */
const LOCK_TIMEOUT_MS = 5000

const path = String(workerData)
const connection = new Connection(path, { readOnly: true, lockTimeoutMs: LOCK_TIMEOUT_MS })
// Searches go through many pages, most of them again and again.
connection.exec('PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY')
let checkpoints: Connection | undefined

function answer({ id, ...request }: ReaderRequest): ReaderResponse {
  try {
    if ('sql' in request) return { id, rows: connection.all(request.sql, ...request.params) }
    checkpoints ??= new Connection(path)
    return { id, rows: checkpoints.all('PRAGMA wal_checkpoint(PASSIVE)') }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined
    return { id, message, errcode }
  }
}

parentPort?.on('message', (request: ReaderRequest) => parentPort?.postMessage(answer(request)))
