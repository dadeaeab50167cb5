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
  let held: Buffer[] = []
  let bytes = 0
  let wanted = PREFIX_BYTES
  let inMessage = false
  let maxBytes = limits.maxFirstEventBytes ?? limits.maxEventBytes
  for await (const chunk of chunks) {
    held.push(chunk)
    bytes += chunk.length
    while (bytes >= wanted) {
      const all = held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held, bytes)
      const piece = all.subarray(0, wanted)
      held = [all.subarray(wanted)]
      bytes -= wanted
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
  }
  if (bytes > 0 || inMessage) throw new HttpError('broken', 'ended its answer within a message')
}

function lengthOf(prefix: Buffer): number {
  if (prefix[0] === 0) return prefix.readUInt32BE(1)
  throw invalidAnswer('is compressed, which we do not offer to take')
}
