import { ParleyError } from '../errors.ts'

/** What one request takes up until all of it is there. */
export interface HeldRequest {
  /** As many bytes more have come. Throws `too_many_requests` when its principal may not have more under way. */
  add(bytes: number): void
  /** It is there, or given up. */
  release(): void
}

/** The requests of each principal that are not complete yet, as bytes. */
export interface HeldRequests {
  begin(key: string): HeldRequest
}

/** For what every request takes before its first byte. */
const REQUEST_BYTES = 1024

export function createHeldRequests(maxBytes: number): HeldRequests {
  const held = new Map<string, number>()
  return {
    begin(key) {
      let own = 0
      const add = (bytes: number): void => {
        own += bytes
        const all = (held.get(key) ?? 0) + bytes
        held.set(key, all)
        if (all > maxBytes) throw tooMuch(maxBytes)
      }
      const release = (): void => {
        const rest = (held.get(key) ?? 0) - own
        own = 0
        if (rest > 0) held.set(key, rest)
        else held.delete(key)
      }
      try {
        add(REQUEST_BYTES)
      } catch (error) {
        release()
        throw error
      }
      return { add, release }
    },
  }
}

const tooMuch = (maxBytes: number): ParleyError =>
  new ParleyError(
    'too_many_requests',
    `Your requests that are still on their way take up more than ${maxBytes} bytes: send fewer at once`,
    { details: { policy: 'held-bytes', quota: String(maxBytes) } },
  )
