import { isObject } from '../../a2a/json-object.ts'
import { membersOf } from '../../a2a/json-text.ts'
import { parseJson } from '../../a2a/wire.ts'
import { ParleyError } from '../../errors.ts'

/** What a body asks for. `id` and `params.text` are the caller's exact text. */
export type JsonRpcRequest = {
  readonly id: string
  readonly method: string
  readonly params: { readonly value: unknown; readonly text: string }
}

/** `id` is `null` for a request that cannot be told apart from others, and for one that has none. */
export type Decoded =
  | { readonly kind: 'request'; readonly request: JsonRpcRequest }
  | { readonly kind: 'invalid'; readonly id: string; readonly error: ParleyError }

const NO_ID = 'null'

/** Ids are echoed in every frame of a stream, so they have a bound. */
const MAX_ID_TEXT_LENGTH = 1024

/** Reads the envelope of one JSON-RPC 2.0 request. Never throws: any text is a request or says what is wrong with it. */
export function decode(body: string): Decoded {
  let value: unknown
  try {
    value = parseJson(body)
  } catch (reason) {
    return { kind: 'invalid', id: NO_ID, error: ParleyError.from(reason) }
  }
  if (Array.isArray(value)) return invalid(NO_ID, 'Batch requests are not supported')
  if (!isObject(value)) return invalid(NO_ID, 'A request must be a JSON object')

  const texts = membersOf(body)
  if (!isId(value.id)) return invalid(NO_ID, 'id must be a string, an integer or null')
  const id = texts.get('id') ?? NO_ID
  if (id.length > MAX_ID_TEXT_LENGTH) {
    return invalid(NO_ID, `id must be at most ${MAX_ID_TEXT_LENGTH} characters`)
  }
  if (value.jsonrpc !== '2.0') return invalid(id, 'jsonrpc must be "2.0"')
  if (typeof value.method !== 'string' || value.method === '') {
    return invalid(id, 'method must be a non-empty string')
  }
  if (value.params !== undefined && !isObject(value.params)) {
    return {
      kind: 'invalid',
      id,
      error: new ParleyError('invalid_params', 'params must be an object'),
    }
  }
  const params = { value: value.params ?? {}, text: texts.get('params') ?? '{}' }
  return { kind: 'request', request: { id, method: value.method, params } }
}

const invalid = (id: string, message: string): Decoded => ({
  kind: 'invalid',
  id,
  error: new ParleyError('invalid_request', message),
})

const isId = (id: unknown): boolean =>
  id === undefined || id === null || typeof id === 'string' || Number.isInteger(id)
