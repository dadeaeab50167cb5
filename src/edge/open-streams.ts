/** What is told to every stream that is open. */
export interface OpenStream {
  /** The gateway stops. */
  shutDown(): void
  /** A part of the time between heartbeats has passed; see `TICKS_PER_HEARTBEAT`. */
  tick(): void
}

/** The streams open in this process, so that one listener on `shutdown` ends them all and one timer keeps them alive. */
export type OpenStreams = {
  /** Told at once when already shut. */
  readonly add: (stream: OpenStream) => void
  /** From now on the stream is told of time too. */
  readonly keepAlive: (stream: OpenStream) => void
  readonly remove: (stream: OpenStream) => void
}

/** The more, the closer to its interval each heartbeat comes: never later, and earlier by one tick at most. */
export const TICKS_PER_HEARTBEAT = 4

export function createOpenStreams(shutdown: AbortSignal, heartbeatMs: number): OpenStreams {
  const open = new Set<OpenStream>()
  const alive = new Set<OpenStream>()
  let timer: NodeJS.Timeout | undefined
  const tickAll = () => {
    for (const stream of alive) stream.tick()
  }
  shutdown.addEventListener(
    'abort',
    () => {
      for (const stream of [...open]) stream.shutDown()
    },
    { once: true },
  )
  return {
    add(stream) {
      open.add(stream)
      if (shutdown.aborted) stream.shutDown()
    },
    keepAlive(stream) {
      alive.add(stream)
      timer ??= setInterval(tickAll, heartbeatMs / TICKS_PER_HEARTBEAT)
    },
    remove(stream) {
      open.delete(stream)
      alive.delete(stream)
      if (alive.size > 0) return
      clearInterval(timer)
      timer = undefined
    },
  }
}
