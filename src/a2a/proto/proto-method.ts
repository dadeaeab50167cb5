import type { Operation } from '../operation.ts'
import { createCodec, type ProtoCodec } from './codec.ts'
import { type MessageTable, message } from './message-table.ts'

/** How one package of A2A offers an operation over gRPC. */
export type ProtoMethod = {
  readonly operation: Operation
  /** `/package.Service/Method` */
  readonly path: string
  readonly isStream: boolean
  readonly request: ProtoCodec
  /** Of each event, when it is a stream. */
  readonly response: ProtoCodec
}

/** `google.protobuf.Empty` */
export const Empty = message('Empty', {})

/** The methods of one service; `name` is what the service calls the operation. */
export function serviceOf(service: string) {
  const method =
    (isStream: boolean) =>
    (
      operation: Operation,
      request: MessageTable,
      response: MessageTable,
      name: string = operation,
    ): ProtoMethod => ({
      operation,
      path: `/${service}/${name}`,
      isStream,
      request: createCodec(request),
      response: createCodec(response),
    })
  return { unary: method(false), stream: method(true) }
}
