import type { EdgeReply } from '../exchange.ts'
import { fetchResponse } from './fetch-exchange.ts'
import { API_HEADERS } from './security-headers.ts'

/** An answer whose body is JSON text already. */
export const jsonReply = (
  body: string,
  requestId: string,
  status = 200,
  extraHeaders?: Readonly<Record<string, string>>,
): EdgeReply => ({
  status,
  headers: {
    'content-type': 'application/json',
    ...API_HEADERS,
    'x-request-id': requestId,
    ...extraHeaders,
  },
  body,
})

/** The same, fetch-standard. */
export const jsonResponse = (...from: Parameters<typeof jsonReply>): Response =>
  fetchResponse(jsonReply(...from))

export const emptyResponse = (requestId: string): Response =>
  new Response(null, { status: 204, headers: { ...API_HEADERS, 'x-request-id': requestId } })
