import type { Readable } from 'node:stream'
import { gunzipSync, inflateSync } from 'node:zlib'
import { ParleyError } from '../../errors.ts'
import { Gathered } from '../gathered.ts'
import type { HeldRequest } from '../held-requests.ts'
import { tooLarge } from '../http/read-body.ts'

export type MessageLimits = {
  /** Of the message, also once it is decompressed. */
  readonly maxBytes: number
  /** Until all of it is there. */
  readonly timeoutMs: number
  /** Told of all that comes; what it throws ends the reading. */
  readonly held?: Pick<HeldRequest, 'add'>
}

/** A byte that says whether the message is compressed, and four that say how long it is. */
const PREFIX_BYTES = 5

/** How messages may be compressed, for those who ask. */
export const ACCEPTED_ENCODINGS = 'identity, gzip, deflate'

/**
 * The one message of a call's request, which is over after it. Throws `payload_too_large` as soon as the message says that it
 * is, `invalid_request` for none, for more than one and for one that does not come to its end, `parse_error` for what cannot be
 * decompressed, and `method_not_found` for an encoding that is not spoken.
 */
export async function readMessage(
  body: Readable,
  encoding: string | undefined,
  limits: MessageLimits,
): Promise<Buffer> {
  const frame = await readFrame(body, limits)
  const message = frame.subarray(PREFIX_BYTES)
  return frame[0] === 0 ? message : decompressed(message, encoding, limits.maxBytes)
}

function readFrame(body: Readable, { maxBytes, timeoutMs, held }: MessageLimits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const gathered = new Gathered()
    const timer = setTimeout(() => fail(malformed('The request took too long to arrive')), timeoutMs)
    const settle = () => {
      clearTimeout(timer)
      body.off('data', onData).off('end', onEnd).off('close', onCut)
    }
    const fail = (error: ParleyError) => {
      settle()
      body.pause()
      reject(error)
    }
    const onData = (chunk: Buffer) => {
      try {
        held?.add(chunk.length)
      } catch (reason) {
        fail(ParleyError.from(reason))
        return
      }
      gathered.add(chunk)
      const end = endOf(gathered.bytes)
      if (end - PREFIX_BYTES > maxBytes) fail(tooLarge(maxBytes))
      else if (gathered.bytes.length > end) fail(malformed('This method takes one message'))
    }
    const onEnd = () => {
      const { bytes } = gathered
      if (bytes.length === 0) fail(malformed('The request has no message'))
      else if (bytes.length < endOf(bytes)) fail(malformed('The request ended within its message'))
      else {
        settle()
        resolve(bytes)
      }
    }
    const onCut = () => fail(malformed('The request ended early'))
    body.on('data', onData).on('end', onEnd).on('close', onCut)
    if (body.destroyed) onCut()
  })
}

/** Where the message ends that these bytes begin; as much as is known of it. */
const endOf = (bytes: Buffer): number =>
  bytes.length < PREFIX_BYTES ? PREFIX_BYTES : PREFIX_BYTES + bytes.readUInt32BE(1)

const malformed = (message: string): ParleyError => new ParleyError('invalid_request', message)

/** One message at a time: many that were decompressed side by side would take a thousand times what their clients sent. */
const DECOMPRESS = { gzip: gunzipSync, deflate: inflateSync } as const

function decompressed(message: Buffer, encoding: string | undefined, maxBytes: number): Buffer {
  if (encoding !== 'gzip' && encoding !== 'deflate') {
    throw new ParleyError('method_not_found', `Messages are taken in these encodings: ${ACCEPTED_ENCODINGS}`)
  }
  try {
    return DECOMPRESS[encoding](message, { maxOutputLength: maxBytes })
  } catch (cause) {
    const isTooLarge = cause instanceof RangeError
    throw isTooLarge
      ? tooLarge(maxBytes)
      : new ParleyError('parse_error', `The message is not valid ${encoding}`, { cause })
  }
}

/** A message as gRPC puts it on the wire. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length)
  frame.writeUInt8(0)
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, PREFIX_BYTES)
  return frame
}
