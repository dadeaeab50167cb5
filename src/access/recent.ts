/** Values seen lately: at most `maxEntries`, each for at most `maxAgeMs`; the least recently used goes first. */
export interface Recent<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
}

export function createRecent<V>(options: {
  readonly maxEntries: number
  readonly maxAgeMs: number
  readonly now: () => number
}): Recent<V> {
  const entries = new Map<string, { readonly value: V; readonly at: number }>()
  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      // A clock that was set back must not make an entry live longer.
      const ageMs = Math.abs(options.now() - entry.at)
      if (ageMs >= options.maxAgeMs) return undefined
      entries.set(key, entry)
      return entry.value
    },
    set(key, value) {
      entries.delete(key)
      entries.set(key, { value, at: options.now() })
      const [oldest] = entries.keys()
      if (entries.size > options.maxEntries && oldest !== undefined) entries.delete(oldest)
    },
    delete(key) {
      entries.delete(key)
    },
  }
}
