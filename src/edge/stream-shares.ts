import { ParleyError } from '../errors.ts'

/** The streams that one principal has open. There may be thousands, which all hold this one. */
export interface StreamShare {
  /** One of them has ended. */
  leave(): void
}

/** How many streams each principal has open in this process. */
export interface StreamShares {
  /** Another one opens. Throws `too_many_requests` when it would be one too many. */
  enter(key: string): StreamShare
}

export function createStreamShares(maxStreams: number): StreamShares {
  const shares = new Map<string, CountedShare>()
  return {
    enter(key) {
      const share = shares.get(key) ?? new CountedShare(key, shares)
      if (share.open >= maxStreams) {
        throw new ParleyError(
          'too_many_requests',
          `You have ${maxStreams} streams open, which is as many as anybody may: close some first`,
          { details: { policy: 'streams', quota: String(maxStreams) } },
        )
      }
      share.open++
      shares.set(key, share)
      return share
    },
  }
}

class CountedShare implements StreamShare {
  open = 0
  readonly #key: string
  readonly #shares: Map<string, CountedShare>

  constructor(key: string, shares: Map<string, CountedShare>) {
    this.#key = key
    this.#shares = shares
  }

  leave(): void {
    if (--this.open === 0) this.#shares.delete(this.#key)
  }
}
