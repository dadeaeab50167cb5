import type { sendUnaryData } from '@grpc/grpc-js'
import { ParleyError } from '../../errors.ts'
import type { StreamFrame } from '../../tasks/tasks.ts'
import { type BegunOperation, beginOperation } from '../begin-operation.ts'
import type { EdgeDeps } from '../http/app-deps.ts'
import { type CallInProgress, CLIENT_GONE, finishCall } from '../http/call-in-progress.ts'
import { challengeOf } from '../http/challenge.ts'
import { openEventStream, type StreamSource } from '../http/event-stream.ts'
import { STREAM, UNARY } from '../operations.ts'
import type { Admission } from './admission.ts'
import { agentOf, decode, requireVersion } from './decode.ts'
import { encode, metadataOf } from './encode.ts'
import { grpcCode, statusOf } from './errors.ts'
import { GrpcExchange, type StreamCall, type UnaryCall } from './grpc-exchange.ts'
import type { GrpcMethod, StreamMethod, UnaryMethod } from './methods.ts'
import { sendStream } from './stream.ts'

/** What a listener answers with. */
export type GrpcDeps = EdgeDeps & {
  readonly admission: Admission
  /** The agent (id or slug) of calls that name none. */
  readonly defaultAgent: string | undefined
}

const OK = 0

/** Answers a method that answers once. */
export const unaryHandler =
  (deps: GrpcDeps, method: UnaryMethod) =>
  async (call: UnaryCall, respond: sendUnaryData<Buffer>): Promise<void> => {
    const exchange = new GrpcExchange(call, deps.now)
    const { progress } = deps.admission.of(call.metadata)
    try {
      const { call: begun, headers } = begin(deps, method, call, exchange)
      const result = await UNARY[method.operation].run(begun)
      const bytes = encode(method.response, method.dialect.encodeResult(method.operation, result))
      finishCall(deps, progress, statusOfEnd(exchange))
      exchange.answered()
      call.sendMetadata(metadataOf({ 'x-request-id': progress.requestId, ...headers() }))
      respond(null, bytes)
    } catch (reason) {
      respond(failed(deps, method, exchange, progress, reason))
    }
  }

/** Answers a method that answers with a stream. */
export const streamHandler =
  (deps: GrpcDeps, method: StreamMethod) =>
  async (call: StreamCall): Promise<void> => {
    const exchange = new GrpcExchange(call, deps.now)
    const { progress } = deps.admission.of(call.metadata)
    try {
      const { call: begun, headers } = begin(deps, method, call, exchange)
      const source = sourceOf(deps, method, exchange, progress)
      const open = () => STREAM[method.operation].open(begun)
      const stream = await openEventStream(deps, exchange, open, source)
      call.sendMetadata(metadataOf({ 'x-request-id': progress.requestId, ...headers() }))
      const { requestId } = progress
      sendStream(call, stream, exchange, { requestId, version: method.dialect.version })
    } catch (reason) {
      call.emit('error', failed(deps, method, exchange, progress, reason))
    }
  }

function begin(
  deps: GrpcDeps,
  method: GrpcMethod,
  call: UnaryCall | StreamCall,
  exchange: GrpcExchange,
): BegunOperation {
  const { operation, dialect } = method
  const { principal, progress } = deps.admission.of(call.metadata)
  requireVersion(exchange, dialect.version, deps.settings.strictVersion)
  const request = decode(method, call.request.take(), deps.settings.maxBodyBytes)
  return beginOperation(deps, {
    operation,
    dialect,
    principal,
    agent: agentOf(dialect.version, request.value, exchange, deps.defaultAgent),
    request,
    exchange,
    progress,
  })
}

/** Lives as long as the stream, and holds nothing of what the call was asked with. */
const sourceOf = (
  deps: GrpcDeps,
  { operation, dialect, response }: StreamMethod,
  exchange: GrpcExchange,
  progress: CallInProgress,
): StreamSource<StreamFrame, Buffer> => ({
  encode: ({ event }) => encode(response, dialect.encodeEvent(operation, event)),
  ended: (error) => finishCall(deps, progress, statusOfEnd(exchange, error), error),
})

function statusOfEnd(exchange: GrpcExchange, error?: ParleyError): number {
  if (exchange.isClientGone) return CLIENT_GONE
  return error === undefined ? OK : grpcCode(error.code)
}

function failed(
  deps: GrpcDeps,
  { dialect }: GrpcMethod,
  exchange: GrpcExchange,
  progress: CallInProgress,
  reason: unknown,
) {
  const error = ParleyError.from(reason)
  finishCall(deps, progress, statusOfEnd(exchange, error), error)
  exchange.answered()
  const challenge = challengeOf(error, exchange, deps.addresses().http)
  return statusOf(error, progress.requestId, dialect.version, challenge)
}
