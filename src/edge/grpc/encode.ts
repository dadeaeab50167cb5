import type { ProtoCodec } from '../../a2a/proto/codec.ts'
import { ParleyError } from '../../errors.ts'

/** An answer in the JSON of its version as bytes. One that protobuf cannot hold is our fault, whatever is wrong with it. */
export function encode(codec: ProtoCodec, json: string): Buffer {
  try {
    const bytes = codec.encode(json)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  } catch (cause) {
    throw new ParleyError('internal', 'Internal error', { cause })
  }
}
