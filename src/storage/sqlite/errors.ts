import { ParleyError } from '../../errors.ts'

/** SQLite's primary result codes (https://sqlite.org/rescode.html); extended codes carry them in the low byte. */
const BUSY = 5
const LOCKED = 6
const READONLY = 8
const IOERR = 10
const FULL = 13
const CANTOPEN = 14

const resultCodeOf = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined

/** Another connection holds the lock; trying again soon is right. */
export function isBusy(error: unknown): boolean {
  const code = resultCodeOf(error)
  return code === BUSY || code === LOCKED
}

/** What callers are told: `unavailable` where waiting or an operator helps, anything else as it is. */
export function toStorageError(error: unknown): unknown {
  const code = resultCodeOf(error)
  if (code === BUSY || code === LOCKED) {
    return new ParleyError('unavailable', 'The database is busy', { cause: error, retryAfterMs: 1000 })
  }
  if (code === READONLY || code === IOERR || code === FULL || code === CANTOPEN) {
    return new ParleyError('unavailable', 'The database cannot be used', { cause: error })
  }
  return error
}
