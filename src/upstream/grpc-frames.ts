import { invalidAnswer } from './agent-failures.ts'
import { HttpError, tooLarge } from './http-error.ts'
import type { EventLimits } from './upstream-limits.ts'

/** A byte that says whether the message is compressed, and four that say how long it is. */
const PREFIX_BYTES = 5

/** A message as gRPC puts it on the wire. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(PREFIX_BYTES + message.length)
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, PREFIX_BYTES)
  return frame
}

/**
 * The messages in a body, as soon as each is complete. Holds no more than one message and one chunk. Rejects with
 * `HttpError`: `too_large` as soon as a message says that it is, `broken` when the body ends within one.
 */
export async function* readFrames(
  chunks: AsyncIterable<Buffer>,
  limits: EventLimits,
): AsyncGenerator<Buffer, void> {
  const held = new Held()
  let wanted = PREFIX_BYTES
  let inMessage = false
  let maxBytes = limits.maxFirstEventBytes ?? limits.maxEventBytes
  for await (const chunk of chunks) {
    let rest = chunk
    while (held.length + rest.length >= wanted) {
      const missing = wanted - held.length
      const piece = held.complete(rest.subarray(0, missing))
      rest = rest.subarray(missing)
      if (inMessage) {
        yield piece
        maxBytes = limits.maxEventBytes
        wanted = PREFIX_BYTES
      } else {
        wanted = lengthOf(piece)
        if (wanted > maxBytes) throw tooLarge(maxBytes)
      }
      inMessage = !inMessage
    }
    held.add(rest)
  }
  if (held.length > 0 || inMessage) throw new HttpError('broken', 'ended its answer within a message')
}

/** The beginning of what is wanted, in one piece of memory, however many pieces it comes in. */
class Held {
  #room = Buffer.alloc(0)
  length = 0

  add(piece: Buffer): void {
    const length = this.length + piece.length
    if (length > this.#room.length) {
      const room = Buffer.allocUnsafe(Math.max(length, 2 * this.#room.length))
      this.#room.copy(room, 0, 0, this.length)
      this.#room = room
    }
    this.#room.set(piece, this.length)
    this.length = length
  }

  /** All of it, of which this is the end. Nothing is held then. */
  complete(end: Buffer): Buffer {
    if (this.length === 0) return end
    this.add(end)
    const all = this.#room.subarray(0, this.length)
    this.#room = Buffer.alloc(0)
    this.length = 0
    return all
  }
}

function lengthOf(prefix: Buffer): number {
  if (prefix[0] === 0) return prefix.readUInt32BE(1)
  throw invalidAnswer('is compressed, which we do not offer to take')
}
