/** The health checking protocol of gRPC, package `grpc.health.v1`. */
import { createCodec, type ProtoCodec } from './codec.ts'
import { always, enumOf, type MessageTable, mapOf, message, one } from './message-table.ts'

const SERVING_STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const
export type ServingStatus = (typeof SERVING_STATUSES)[number]

const HealthCheckRequest = message('HealthCheckRequest', { service: always(one(1, 'string')) })

const HealthCheckResponse = message('HealthCheckResponse', {
  status: always(one(1, enumOf(...SERVING_STATUSES))),
})

const HealthListRequest = message('HealthListRequest', {})

const HealthListResponse = message('HealthListResponse', { statuses: always(mapOf(1, HealthCheckResponse)) })

type HealthMethod = {
  readonly path: string
  readonly request: ProtoCodec
  /** Of each message, when there are several. */
  readonly response: ProtoCodec
}

const methodOf = (name: string, request: MessageTable, response: MessageTable): HealthMethod => ({
  path: `/grpc.health.v1.Health/${name}`,
  request: createCodec(request),
  response: createCodec(response),
})

export const HEALTH_CHECK = methodOf('Check', HealthCheckRequest, HealthCheckResponse)
/** Answers with a stream: the status now, and each that it becomes. */
export const HEALTH_WATCH = methodOf('Watch', HealthCheckRequest, HealthCheckResponse)
export const HEALTH_LIST = methodOf('List', HealthListRequest, HealthListResponse)
