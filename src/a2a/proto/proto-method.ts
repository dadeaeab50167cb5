import type { Operation, StreamOperation, UnaryOperation } from '../operation.ts'
import { createCodec, type ProtoCodec } from './codec.ts'
import { type MessageTable, message } from './message-table.ts'

type Method<Of extends Operation, IsStream extends boolean> = {
  readonly operation: Of
  /** `/package.Service/Method` */
  readonly path: string
  readonly isStream: IsStream
  readonly request: ProtoCodec
  /** Of each event, when it is a stream. */
  readonly response: ProtoCodec
}

export type UnaryProtoMethod = Method<UnaryOperation, false>
export type StreamProtoMethod = Method<StreamOperation, true>

/** How one package of A2A offers an operation over gRPC. */
export type ProtoMethod = UnaryProtoMethod | StreamProtoMethod

/** `google.protobuf.Empty` */
export const Empty = message('Empty', {})

/** The methods of one service; `name` is what the service calls the operation. */
export function serviceOf(service: string) {
  const methodOf =
    <Of extends Operation, IsStream extends boolean>(isStream: IsStream) =>
    (
      operation: Of,
      request: MessageTable,
      response: MessageTable,
      name: string = operation,
    ): Method<Of, IsStream> => ({
      operation,
      path: `/${service}/${name}`,
      isStream,
      request: createCodec(request),
      response: createCodec(response),
    })
  return {
    unary: methodOf<UnaryOperation, false>(false),
    stream: methodOf<StreamOperation, true>(true),
  }
}
