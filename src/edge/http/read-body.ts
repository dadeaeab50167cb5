import { ParleyError } from '../../errors.ts'
import type { HeaderSource } from '../exchange.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

const JSON_TYPE = /^application\/(?:json|a2a\+json)[\t ]*(?:;|$)/i

/** Throws `content_type_not_supported` unless the body is declared to be JSON. */
export function requireJsonType(request: HeaderSource): void {
  const type = request.header('content-type')
  if (type !== undefined && JSON_TYPE.test(type)) return
  throw new ParleyError(
    'content_type_not_supported',
    'Send the body as application/json or application/a2a+json',
  )
}

/** Throws `payload_too_large` when the body's length is declared and more than `maxBytes`. */
export function refuseTooLong(request: HeaderSource, maxBytes: number): void {
  if (Number(request.header('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
}

/** The text of a body that is complete. Throws `parse_error` for what is no UTF-8. */
export function bodyText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new ParleyError('parse_error', 'The body is not valid UTF-8', { cause })
  }
}

export const tooLarge = (maxBytes: number): ParleyError =>
  new ParleyError('payload_too_large', `The body is longer than ${maxBytes} bytes`, {
    details: { maxBytes: String(maxBytes) },
  })

export const unreadable = (cause?: unknown): ParleyError =>
  new ParleyError('invalid_request', 'The body ended early', { cause })
