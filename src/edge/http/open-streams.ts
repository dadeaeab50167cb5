/** The streams open in this process, so that one listener on `shutdown` ends them all. */
export type OpenStreams = {
  /** Registers what ends a stream, and answers what takes it off the list again. Called at once when already shut. */
  readonly add: (end: () => void) => () => void
}

export function createOpenStreams(shutdown: AbortSignal): OpenStreams {
  const ends = new Set<() => void>()
  shutdown.addEventListener(
    'abort',
    () => {
      for (const end of [...ends]) end()
    },
    { once: true },
  )
  return {
    add(end) {
      ends.add(end)
      if (shutdown.aborted) end()
      return () => ends.delete(end)
    },
  }
}
