/** The reader thread: answers every request it is sent, in order, from a connection that cannot write. */
import { parentPort, workerData } from 'node:worker_threads'
import { Connection } from './connection.ts'
import type { ReaderRequest, ReaderResponse } from './reader-thread.ts'

/** Blocking is fine here: nobody else runs on this thread. */
const LOCK_TIMEOUT_MS = 5000

const connection = new Connection(String(workerData), { readOnly: true, lockTimeoutMs: LOCK_TIMEOUT_MS })

function answer({ id, sql, params }: ReaderRequest): ReaderResponse {
  try {
    return { id, rows: connection.all(sql, ...params) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined
    return { id, message, errcode }
  }
}

parentPort?.on('message', (request: ReaderRequest) => parentPort?.postMessage(answer(request)))
