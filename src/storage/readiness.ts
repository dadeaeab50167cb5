export type ReadinessDeps = {
  /** False before everything is open, and from the moment a stop was asked for. */
  readonly isOpen: () => boolean
  /** Rejects when nothing can be written. */
  readonly check: () => Promise<void>
  readonly now: () => number
}

/** A check costs a write, and anybody may ask: the answer is kept for this long. */
const MAX_AGE_MS = 1000

/** Whether calls can be taken: the process is open, and its backend could be written to a moment ago. */
export function createReadiness({ isOpen, check, now }: ReadinessDeps): () => Promise<boolean> {
  let checkedAt = Number.NEGATIVE_INFINITY
  let last: Promise<boolean> = Promise.resolve(false)
  return async () => {
    if (isOpen() && now() - checkedAt >= MAX_AGE_MS) {
      checkedAt = now()
      last = check().then(
        () => true,
        () => false,
      )
    }
    return isOpen() && (await last) && isOpen()
  }
}
