import { ParleyError } from '../../errors.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

const JSON_TYPE = /^application\/(?:json|a2a\+json)[\t ]*(?:;|$)/i

/** Throws `content_type_not_supported` unless the body is declared to be JSON. */
export function requireJsonType(headers: Headers): void {
  const type = headers.get('content-type')
  if (type !== null && JSON_TYPE.test(type)) return
  throw new ParleyError(
    'content_type_not_supported',
    'Send the body as application/json or application/a2a+json',
  )
}

/**
 * The body as text, read once. Throws `payload_too_large` for more than `maxBytes` (before reading, when the length
 * is declared) and `parse_error` for what is no UTF-8.
 */
export async function readBody(request: Request, maxBytes: number): Promise<string> {
  const declared = request.headers.get('content-length')
  if (declared !== null && Number(declared) > maxBytes) throw tooLarge(maxBytes)
  const bytes = declared === null ? await readCounted(request, maxBytes) : await readDeclared(request)
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new ParleyError('parse_error', 'The body is not valid UTF-8', { cause })
  }
}

/** The HTTP parser holds the sender to the declared length. */
async function readDeclared(request: Request): Promise<ArrayBuffer> {
  try {
    return await request.arrayBuffer()
  } catch (cause) {
    throw unreadable(cause)
  }
}

async function readCounted(request: Request, maxBytes: number): Promise<Uint8Array> {
  const reader = request.body?.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  while (reader !== undefined) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw unreadable(cause)
    })
    if (done) break
    length += value.byteLength
    if (length > maxBytes) {
      await reader.cancel()
      throw tooLarge(maxBytes)
    }
    chunks.push(value)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length)
}

const tooLarge = (maxBytes: number): ParleyError =>
  new ParleyError('payload_too_large', `The body is longer than ${maxBytes} bytes`, {
    details: { maxBytes: String(maxBytes) },
  })

const unreadable = (cause: unknown): ParleyError =>
  new ParleyError('invalid_request', 'The body ended early', { cause })
