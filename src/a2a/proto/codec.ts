import { ParleyError } from '../../errors.ts'
import { depthOf, type JsonText } from '../json-text.ts'
import { MAX_JSON_DEPTH } from '../wire.ts'
import { decodeMessage } from './decode.ts'
import { encodeMessage } from './encode.ts'
import type { MessageTable } from './message-table.ts'

/** One protobuf message between its bytes and its proto-JSON. */
export type ProtoCodec = {
  readonly table: MessageTable
  /**
   * Members the message does not know are left out. Throws `invalid_params` for a value its field cannot hold, also for
   * a name its enum does not have. `null` is the empty message.
   */
  readonly encode: (json: JsonText<unknown>) => Uint8Array
  /**
   * Throws `parse_error` for bytes that are no such message, `invalid_params` for what JSON cannot hold or nests too deeply,
   * and `payload_too_large` before the JSON gets much longer than `maxBytes`: without them, only for what we made ourselves.
   */
  readonly decode: (bytes: Uint8Array, maxBytes?: number) => JsonText<unknown>
}

/** What we hold nests no deeper than what we take in, plus what lists and envelopes put around it. */
const MAX_ENCODED_DEPTH = 2 * MAX_JSON_DEPTH

export function createCodec(table: MessageTable): ProtoCodec {
  return {
    table,
    encode(json) {
      if (depthOf(json, MAX_ENCODED_DEPTH) > MAX_ENCODED_DEPTH) {
        throw new ParleyError('invalid_params', `${table.name} nests deeper than ${MAX_ENCODED_DEPTH} levels`)
      }
      return encodeMessage(table, JSON.parse(json) ?? {})
    },
    decode(bytes, maxBytes = Number.POSITIVE_INFINITY) {
      try {
        return decodeMessage(table, bytes, maxBytes)
      } catch (cause) {
        if (cause instanceof ParleyError) throw cause
        throw new ParleyError('parse_error', `The bytes are no ${table.name}`, { cause })
      }
    },
  }
}
