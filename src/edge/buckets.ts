/** How often something may happen: `burst` times at once, and over time `perSecond` times a second. */
export type Rate = { readonly perSecond: number; readonly burst: number }

/** What is left of a share. `refusedMs`: nothing is, and this long it stays so. */
export type Left = { readonly remaining: number; readonly fullInMs: number; readonly refusedMs?: number }

/** Shares of the same size, one for each key. */
export interface Buckets {
  readonly rate: Rate
  /** Takes one from the share of `key`. What is refused takes nothing. */
  take(key: string): Left
}

/**
 * Token buckets, each kept as one number: the moment at which it is full again. The keys used least recently go first when
 * there are more than `maxKeys`; a key that is forgotten begins anew, with a full share.
 */
export function createBuckets(
  rate: Rate,
  { maxKeys, monotonicMs }: { readonly maxKeys: number; readonly monotonicMs: () => number },
): Buckets {
  const tokenMs = 1000 / rate.perSecond
  const wholeMs = rate.burst * tokenMs
  const fullAt = new Map<string, number>()

  const keep = (key: string, at: number): void => {
    fullAt.delete(key)
    fullAt.set(key, at)
    if (fullAt.size <= maxKeys) return
    for (const oldest of fullAt.keys()) {
      fullAt.delete(oldest)
      return
    }
  }

  return {
    rate,
    take(key) {
      const now = monotonicMs()
      const missingMs = Math.max(0, (fullAt.get(key) ?? now) - now)
      const after = missingMs + tokenMs
      // A token less than a rounding error short is there.
      if (after > wholeMs + ROUNDING_MS) {
        return { remaining: 0, fullInMs: missingMs, refusedMs: after - wholeMs }
      }
      keep(key, now + after)
      return { remaining: Math.floor((wholeMs - after + ROUNDING_MS) / tokenMs), fullInMs: after }
    },
  }
}

const ROUNDING_MS = 1e-6
