import Type from 'typebox'
import type { ParleyError } from '../../errors.ts'
import { failureHeaders, PROBLEMS, problemResponse } from './problem.ts'
import { API_HEADERS } from './security-headers.ts'

/** How ARD tells failures (appendix B). */
export const ArdError = Type.Object({
  errorCode: Type.String({ description: 'Such as INVALID_ARGUMENT' }),
  message: Type.String(),
})

const CODES: ReadonlyMap<number, string> = new Map([
  [401, 'UNAUTHENTICATED'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [405, 'METHOD_NOT_ALLOWED'],
  [429, 'RATE_LIMIT_EXCEEDED'],
  [500, 'INTERNAL_ERROR'],
  [503, 'UNAVAILABLE'],
])

/** For whatever else is wrong with a request: its body's type, size, syntax or content. */
const INVALID = 'INVALID_ARGUMENT'

export const isArdPath = (path: string): boolean => path.startsWith('/ard/')

const ardErrorResponse: typeof problemResponse = (error, requestId, challenge, extraHeaders) => {
  const { status } = PROBLEMS[error.code]
  return new Response(JSON.stringify(ardErrorOf(error)), {
    status,
    headers: {
      'content-type': 'application/json',
      ...API_HEADERS,
      'x-request-id': requestId,
      ...failureHeaders(error, challenge),
      ...extraHeaders,
    },
  })
}

const ardErrorOf = (error: ParleyError) => ({
  errorCode: CODES.get(PROBLEMS[error.code].status) ?? INVALID,
  message: error.message,
})

/** How a failure is told at a path: below `/ard/` as ARD has it, else as a problem. */
export const failureResponseAt = (path: string): typeof problemResponse =>
  isArdPath(path) ? ardErrorResponse : problemResponse
