import { createCipheriv, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { ParleyError } from '../errors.ts'

/**
 * Page cursors that only we can make and read, good only for the question they were made for.
 *
 * `binding` is whatever must stay the same between two pages: tenant, subject and filter, as a JSON value. Two bindings
 * are the same when their `JSON.stringify` is, so build them with members in one order.
 */
export interface Cursors {
  /** Text that leads back to `position`, a JSON value, and tells nothing of it but about how long it is. */
  encode(position: unknown, binding: unknown): string
  /** The position. Throws `invalid_params` for text that was changed, made elsewhere, or made for another binding. */
  decode(text: string, binding: unknown): unknown
}

/** 128 bits: a guess succeeds once in 2^128 calls. */
const MAC_BYTES = 16
/** Longer text was not made by us. */
const MAX_CURSOR_LENGTH = 4096

/** `key` must be the same in every process that serves one installation, and secret. */
export function createCursors(key: Uint8Array): Cursors {
  // Made once: followers of feeds have thousands of cursors made in a second, and bytes are checked anew by each use.
  const secret = createSecretKey(key)
  const mac = (position: Uint8Array, binding: unknown): Buffer => {
    const bound = JSON.stringify(binding) ?? ''
    const hmac = createHmac('sha256', secret)
    // The length prefix keeps binding and position apart.
    hmac.update(`${Buffer.byteLength(bound)}:${bound}`)
    return hmac.update(position).digest().subarray(0, MAC_BYTES)
  }
  const sealing = createSecretKey(
    createHmac('sha256', secret).update('what positions are sealed with').digest(),
  )
  /** Both ways. The code of what is sealed is the only start that is never used for anything else (as in RFC 5297). */
  const seal = (bytes: Uint8Array, code: Uint8Array): Buffer =>
    createCipheriv('aes-256-ctr', sealing, code).update(bytes)
  return {
    encode(position, binding) {
      const bytes = Buffer.from(JSON.stringify(position))
      const code = mac(bytes, binding)
      return Buffer.concat([code, seal(bytes, code)]).toString('base64url')
    },
    decode(text, binding) {
      if (text.length > MAX_CURSOR_LENGTH) throw invalidCursor()
      const bytes = Buffer.from(text, 'base64url')
      // Decoding ignores foreign characters; a cursor has exactly one spelling.
      if (bytes.length <= MAC_BYTES || bytes.toString('base64url') !== text) throw invalidCursor()
      const code = bytes.subarray(0, MAC_BYTES)
      const position = seal(bytes.subarray(MAC_BYTES), code)
      if (!timingSafeEqual(code, mac(position, binding))) throw invalidCursor()
      return JSON.parse(position.toString())
    },
  }
}

/** The one answer to a cursor that leads nowhere. */
export const invalidCursor = (): ParleyError =>
  new ParleyError('invalid_params', 'The page cursor is not valid for this request')
