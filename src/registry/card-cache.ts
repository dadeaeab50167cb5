/** Texts made lately, bounded in characters: the least recently used go first. */
export interface CardCache<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
}

export function createCardCache<V extends { readonly text: string }>(options: {
  readonly maxCharacters: number
  readonly maxAgeMs: number
  readonly now: () => number
}): CardCache<V> {
  const { maxCharacters, maxAgeMs, now } = options
  const entries = new Map<string, { readonly value: V; readonly at: number }>()
  let characters = 0

  const remove = (key: string): void => {
    characters -= entries.get(key)?.value.text.length ?? 0
    entries.delete(key)
  }

  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      entries.set(key, entry)
      // A clock that was set back must not make an entry live longer.
      if (Math.abs(now() - entry.at) < maxAgeMs) return entry.value
      remove(key)
      return undefined
    },
    set(key, value) {
      remove(key)
      entries.set(key, { value, at: now() })
      characters += value.text.length
      for (const oldest of entries.keys()) {
        if (characters <= maxCharacters) return
        remove(oldest)
      }
    },
  }
}
