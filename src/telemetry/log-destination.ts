import { write, writeSync } from 'node:fs'

/** Where log records go: a file descriptor, in batches, without ever holding up or outliving the process. */
export interface LogDestination {
  write(record: string): void
  /** Starts writing what was gathered so far. */
  flush(): void
}

/** Records are gathered up to this size, or this long. */
const BATCH_CHARACTERS = 8 * 1024
const BATCH_MS = 50
/** While nobody reads the output, records beyond this are dropped. */
const MAX_UNWRITTEN_CHARACTERS = 16 * 1024 * 1024
/** A full pipe is tried again after this long. */
const RETRY_MS = 20

/**
 * Logs must never decide whether the process lives: what cannot be written is dropped, and when the reader is gone
 * for good, so is everything that follows. The newest records are written when the process ends, as far as they can be.
 */
export function createLogDestination(fd: number): LogDestination {
  let gathered = ''
  let writing: Buffer | undefined
  let timer: NodeJS.Timeout | undefined
  let isGone = false

  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (writing !== undefined || gathered === '' || isGone) return
    writing = Buffer.from(gathered)
    gathered = ''
    writeOn()
  }

  const writeOn = (): void => {
    if (writing === undefined) return
    write(fd, writing, (error, written) => {
      if (writing === undefined) return
      if (error?.code === 'EAGAIN' || error?.code === 'EINTR') {
        setTimeout(writeOn, RETRY_MS).unref()
        return
      }
      isGone = error !== null && error !== undefined
      const rest = isGone ? Buffer.alloc(0) : writing.subarray(written)
      writing = rest.length > 0 ? rest : undefined
      if (writing === undefined) flush()
      else writeOn()
    })
  }

  process.once('exit', () => {
    try {
      const last = Buffer.concat([writing ?? Buffer.alloc(0), Buffer.from(gathered)])
      if (!isGone && last.length > 0) writeSync(fd, last)
    } catch {
      // Nobody reads, or not now: the process ends all the same.
    }
  })

  return {
    write(record) {
      if (isGone || gathered.length > MAX_UNWRITTEN_CHARACTERS) return
      gathered += record
      if (gathered.length >= BATCH_CHARACTERS) flush()
      else timer ??= setTimeout(flush, BATCH_MS).unref()
    },
    flush,
  }
}
