import { API_HEADERS } from './security-headers.ts'

/** Metrics in Prometheus text format. */
export const metricsResponse = (text: string, requestId?: string): Response =>
  new Response(text, {
    headers: {
      ...API_HEADERS,
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      ...(requestId !== undefined && { 'x-request-id': requestId }),
    },
  })
