/** The same function, of which at most `max` calls run at once; later ones wait their turn, in order. */
export function limitConcurrency<A extends readonly unknown[], R>(
  run: (...args: A) => Promise<R>,
  max: number,
): (...args: A) => Promise<R> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (...args) => {
    if (running >= max) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
      })
    } else running++
    try {
      return await run(...args)
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
