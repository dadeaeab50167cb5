import { status } from '@grpc/grpc-js'
import { numberAt } from './order.ts'
import type { Received } from './received.ts'

/** How a call goes wrong below A2A: with this status, or with no answer at all. */
export type GrpcFault = 'hang' | { readonly code: status; readonly details: string }

/** What the statuses of HTTP are called in gRPC. */
const GRPC_STATUS: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.UNIMPLEMENTED,
  429: status.RESOURCE_EXHAUSTED,
  500: status.INTERNAL,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
}

/** The fault that the message asks for; `garbage` has no meaning here and is answered as usual. */
export function grpcFaultOf({ order }: Received): GrpcFault | undefined {
  if (order.skill === 'hang') return 'hang'
  if (order.skill !== 'status') return undefined
  const code = numberAt(order, 0, 503, 599)
  if (code < 400) return undefined
  return { code: GRPC_STATUS[code] ?? status.UNKNOWN, details: `Status ${code}, as asked.` }
}
