/**
 * Groups what a source yields while the consumer is busy, so that a fast stream costs one commit per group instead of
 * one per event. Reads ahead at most `maxItems` and `maxBytes`; leaving the loop ends the source.
 */
export async function* batches<T>(
  source: AsyncIterable<T>,
  sizeOf: (item: T) => number,
  { maxItems, maxBytes }: { readonly maxItems: number; readonly maxBytes: number },
): AsyncGenerator<readonly T[], void, undefined> {
  const iterator = source[Symbol.asyncIterator]()
  let next: Promise<IteratorResult<T>> | undefined
  let carried: T | undefined
  try {
    for (;;) {
      const batch: T[] = carried === undefined ? [] : [carried]
      let bytes = carried === undefined ? 0 : sizeOf(carried)
      carried = undefined
      while (batch.length < maxItems && bytes < maxBytes) {
        next ??= iterator.next()
        const result = batch.length === 0 ? await next : await settledNow(next)
        if (result === undefined) break
        next = undefined
        if (result.done) {
          if (batch.length > 0) yield batch
          return
        }
        if (batch.length > 0 && bytes + sizeOf(result.value) > maxBytes) {
          carried = result.value
          break
        }
        batch.push(result.value)
        bytes += sizeOf(result.value)
      }
      next ??= iterator.next()
      // A failure that comes while the consumer works is seen by the next round's await.
      next.catch(() => {})
      yield batch
    }
  } finally {
    // Not awaited: a source that is waiting for a quiet agent ends through its signal. How it ends concerns nobody.
    void iterator.return?.().then(undefined, () => {})
  }
}

/**
 * The result if it comes within this turn of the event loop: what one read of the socket brought, not the next one. A
 * failure is left for the next round, so that what came before it is not lost.
 */
async function settledNow<T>(pending: Promise<T>): Promise<T | undefined> {
  let turn: NodeJS.Immediate | undefined
  const turnOver = new Promise<undefined>((resolve) => {
    turn = setImmediate(resolve, undefined)
  })
  try {
    return await Promise.race([pending.catch(() => undefined), turnOver])
  } finally {
    clearImmediate(turn)
  }
}
