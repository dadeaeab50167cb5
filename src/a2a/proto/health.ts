import { createCodec, type ProtoCodec } from './codec.ts'
import { always, enumOf, mapOf, message, one } from './message-table.ts'

/** The health checking protocol of gRPC. */
export const SERVING_STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const
export type ServingStatus = (typeof SERVING_STATUSES)[number]

const HealthCheckRequest = message('HealthCheckRequest', { service: always(one(1, 'string')) })

const HealthCheckResponse = message('HealthCheckResponse', {
  status: always(one(1, enumOf(...SERVING_STATUSES))),
})

const HealthListRequest = message('HealthListRequest', {})

const HealthListResponse = message('HealthListResponse', { statuses: always(mapOf(1, HealthCheckResponse)) })

export type HealthMethod = {
  readonly path: string
  readonly isStream: boolean
  readonly request: ProtoCodec
  readonly response: ProtoCodec
}

const health = (
  name: string,
  isStream: boolean,
  request: typeof HealthCheckRequest,
  response: typeof HealthCheckResponse,
): HealthMethod => ({
  path: `/grpc.health.v1.Health/${name}`,
  isStream,
  request: createCodec(request),
  response: createCodec(response),
})

export const HEALTH_CHECK = health('Check', false, HealthCheckRequest, HealthCheckResponse)
export const HEALTH_WATCH = health('Watch', true, HealthCheckRequest, HealthCheckResponse)
export const HEALTH_LIST = health('List', false, HealthListRequest, HealthListResponse)
