import Type from 'typebox'
import { API_HEADERS } from './security-headers.ts'

export const Health = Type.Object({ status: Type.Enum(['ok', 'unavailable']) })

export const healthResponse = (isWell: boolean, requestId?: string): Response =>
  new Response(`{"status":"${isWell ? 'ok' : 'unavailable'}"}`, {
    status: isWell ? 200 : 503,
    headers: {
      ...API_HEADERS,
      'content-type': 'application/json',
      ...(requestId !== undefined && { 'x-request-id': requestId }),
    },
  })
