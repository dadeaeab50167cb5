import { API_HEADERS } from './security-headers.ts'

/** An answer whose body is JSON text already. */
export const jsonResponse = (
  text: string,
  requestId: string,
  status = 200,
  extraHeaders: Readonly<Record<string, string>> = {},
): Response =>
  new Response(text, {
    status,
    headers: {
      'content-type': 'application/json',
      ...API_HEADERS,
      'x-request-id': requestId,
      ...extraHeaders,
    },
  })

export const emptyResponse = (requestId: string): Response =>
  new Response(null, { status: 204, headers: { ...API_HEADERS, 'x-request-id': requestId } })
