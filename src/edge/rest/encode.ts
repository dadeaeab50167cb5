import type { Version } from '../../a2a/version.ts'
import type { ParleyError } from '../../errors.ts'
import type { HeaderSource } from '../exchange.ts'
import { errorBody } from './errors.ts'

const A2A_JSON = 'application/a2a+json'

/** A2A's own media type for those who name it, plain JSON for everybody else (A2A 1.0 §11.1). */
export function contentTypeFor(request: HeaderSource): string {
  const named = `${request.header('accept') ?? ''},${request.header('content-type') ?? ''}`
  return named.toLowerCase().includes(A2A_JSON) ? A2A_JSON : 'application/json'
}

export const encodeError = (error: ParleyError, requestId: string, version: Version): string =>
  JSON.stringify(errorBody(error, requestId, version))
