/** Runs what is of one key one after the other, in the order it came. */
export type InTurn = <T>(key: string, run: () => Promise<T>) => Promise<T>

export function createTurns(): InTurn {
  /** The last of each key; it never rejects. */
  const last = new Map<string, Promise<void>>()
  return (key, run) => {
    const result = (last.get(key) ?? Promise.resolve()).then(run)
    const done = result.then(
      () => undefined,
      () => undefined,
    )
    last.set(key, done)
    void done.then(() => {
      if (last.get(key) === done) last.delete(key)
    })
    return result
  }
}
