import { ParleyError } from '../errors.ts'

/** A stale version is read again this often before giving up. */
const MAX_ATTEMPTS = 10

/**
 * Reads, decides and commits anew for as long as others are faster: what `attempt` answers once it is not `undefined`, which
 * says that its commit was refused. Rejects with `unavailable` when that goes on. `what` is what is changed, for the caller.
 */
export async function untilCommitted<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  for (let count = 0; count < MAX_ATTEMPTS; count++) {
    const done = await attempt()
    if (done !== undefined) return done
  }
  throw new ParleyError('unavailable', `${what} is being changed by others; try again`)
}
