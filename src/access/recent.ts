/** Values seen lately, each for at most `maxAgeMs`; when they are too many, the least recently used go first. */
export interface Recent<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
}

export function createRecent<V>(options: {
  /** How much is kept: in entries, unless `sizeOf` measures in something else. */
  readonly maxSize: number
  readonly sizeOf?: (value: V) => number
  readonly maxAgeMs: number
  readonly now: () => number
}): Recent<V> {
  const { maxSize, sizeOf = () => 1, maxAgeMs, now } = options
  const entries = new Map<string, { readonly value: V; readonly size: number; readonly at: number }>()
  let size = 0

  const remove = (key: string): void => {
    size -= entries.get(key)?.size ?? 0
    entries.delete(key)
  }

  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      // A clock that was set back must not make an entry live longer.
      const ageMs = Math.abs(now() - entry.at)
      if (ageMs >= maxAgeMs) {
        remove(key)
        return undefined
      }
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    set(key, value) {
      remove(key)
      const entry = { value, size: sizeOf(value), at: now() }
      entries.set(key, entry)
      size += entry.size
      for (const oldest of entries.keys()) {
        if (size <= maxSize) return
        remove(oldest)
      }
    },
    delete: remove,
  }
}
