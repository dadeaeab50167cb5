import type { Version } from '../../a2a/version.ts'
import { ParleyError } from '../../errors.ts'
import type { EdgeDeps } from '../app-deps.ts'
import { admitCaller, type BegunOperation, beginOperation } from '../begin-operation.ts'
import { beginCall, type CallInProgress, CLIENT_GONE, finishCall } from '../call-in-progress.ts'
import { challengeOf } from '../challenge.ts'
import { openEventStream } from '../event-stream.ts'
import { STREAM } from '../operations.ts'
import { runUnary } from '../run-unary.ts'
import { agentOf, decode, requireVersion, timeoutMsOf } from './decode.ts'
import { encode } from './encode.ts'
import { grpcCode, statusOf } from './errors.ts'
import type { GrpcCall } from './grpc-call.ts'
import { createHealth } from './health.ts'
import { GRPC_METHODS, type GrpcMethod, type StreamMethod, type UnaryMethod } from './methods.ts'
import type { OnCall } from './serve-connection.ts'
import { sendStream, sourceOf } from './stream.ts'

/** What a listener answers with. */
export type GrpcDeps = EdgeDeps & {
  /** The agent (id or slug) of calls that name none. */
  readonly defaultAgent: string | undefined
}

const OK = 0

/** From a call's beginning to the end of its message, as over HTTP. */
const REQUEST_TIMEOUT_MS = 60_000

const METHODS: ReadonlyMap<string, GrpcMethod> = new Map(GRPC_METHODS.map((method) => [method.path, method]))

/** Answers A2A over gRPC, 1.0 and 0.3 as services of their own, and gRPC's health protocol. */
export function createGrpcHandler(deps: GrpcDeps): OnCall {
  const health = createHealth(deps)

  return (call, client) => {
    const path = call.header(':path') ?? ''
    const method = METHODS.get(path)
    if (call.header(':method') !== 'POST') call.refuseHttp(405)
    else if (!isGrpc(call)) call.refuseHttp(415)
    else if (method !== undefined) void answer(deps, method, call)
    else if (!health(path, call, client)) call.refuse(noSuchMethod(deps, path))
  }
}

const isGrpc = (call: GrpcCall): boolean =>
  /^application\/grpc(?:[+;]|$)/i.test(call.header('content-type') ?? '')

async function answer(deps: GrpcDeps, method: GrpcMethod, call: GrpcCall): Promise<void> {
  const progress = beginCall(deps, call, 'grpc', method.operation)
  try {
    const timeoutMs = timeoutMsOf(call)
    if (timeoutMs !== undefined) call.expireAfter(timeoutMs)
    const begun = await begin(deps, method, call, progress)
    if (method.isStream) await answerWithStream(deps, method, call, begun, progress)
    else await answerOnce(deps, method, call, begun, progress)
  } catch (reason) {
    const error = ParleyError.from(reason)
    finishCall(deps, progress, statusOfEnd(call, error), error)
    const challenge = challengeOf(error, call, deps.addresses().http)
    const status = statusOf(error, progress.requestId, method.dialect.version, challenge)
    if (error.code === 'unauthenticated') call.refuse(status)
    else call.end(status)
  }
}

/** Nothing is read of what somebody sends who is not known. */
async function begin(
  deps: GrpcDeps,
  method: GrpcMethod,
  call: GrpcCall,
  progress: CallInProgress,
): Promise<BegunOperation> {
  const { operation, dialect } = method
  const { maxBodyBytes, strictVersion } = deps.settings
  const principal = await admitCaller(deps, call, progress)
  requireVersion(call, dialect.version, strictVersion)
  const held = deps.limits.holdRequest(principal)
  const limits = { maxBytes: maxBodyBytes, timeoutMs: REQUEST_TIMEOUT_MS, held }
  const message = await call.readMessage(limits).finally(held.release)
  const request = decode(method, message, maxBodyBytes)
  return beginOperation(deps, {
    operation,
    dialect,
    principal,
    agent: agentOf(dialect.version, request.value, call, deps.defaultAgent),
    request,
    exchange: call,
    progress,
  })
}

async function answerOnce(
  deps: GrpcDeps,
  { operation, dialect, response }: UnaryMethod,
  call: GrpcCall,
  begun: BegunOperation,
  progress: CallInProgress,
): Promise<void> {
  const result = await runUnary(deps, operation, begun, call)
  const message = encode(response, dialect.encodeResult(operation, result))
  call.sendHeaders({ 'x-request-id': progress.requestId, ...begun.headers() })
  finishCall(deps, progress, statusOfEnd(call))
  call.write(message)
  call.end()
}

async function answerWithStream(
  deps: GrpcDeps,
  method: StreamMethod,
  call: GrpcCall,
  begun: BegunOperation,
  progress: CallInProgress,
): Promise<void> {
  const { requestId } = progress
  const source = sourceOf(method, recordEnd(deps, call, progress))
  const stream = await openEventStream(
    deps,
    { request: call, entitlement: begun.entitlement },
    () => STREAM[method.operation](begun.call),
    source,
  )
  call.sendHeaders({ 'x-request-id': requestId, ...begun.headers() })
  sendStream(call, stream, { requestId, version: method.dialect.version, addresses: deps.addresses })
}

/** Made apart from the call, so that an open stream does not keep what the call was asked with. */
const recordEnd = (deps: GrpcDeps, call: GrpcCall, progress: CallInProgress) => (error?: ParleyError) =>
  finishCall(deps, progress, statusOfEnd(call, error), error)

function statusOfEnd(call: GrpcCall, error?: ParleyError): number {
  if (call.isClientGone) return CLIENT_GONE
  return error === undefined ? OK : grpcCode(error.code)
}

function noSuchMethod(deps: GrpcDeps, path: string) {
  const version: Version = path.startsWith('/a2a.v1.') ? '0.3' : '1.0'
  return statusOf(new ParleyError('method_not_found', 'There is no such method here'), deps.newId(), version)
}
