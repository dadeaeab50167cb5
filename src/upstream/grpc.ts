import type { IncomingHttpHeaders } from 'node:http2'
import type { Operation } from '../a2a/operation.ts'
import type { ProtoMethod } from '../a2a/proto/proto-method.ts'
import type { Version } from '../a2a/version.ts'
import type { Wire } from '../a2a/wire.ts'
import { AgentFailure } from '../delivery/agent-client.ts'
import { ParleyError } from '../errors.ts'
import { invalidAnswer } from './agent-failures.ts'
import type { AgentCall, Binding, BindingDeps } from './binding.ts'
import { callGrpc } from './grpc-call.ts'
import { grpcFailure } from './grpc-failures.ts'
import { tooLarge } from './http-error.ts'
import type { Http2Connections } from './http2-connections.ts'
import { activatedIn, serviceParameters } from './service-parameters.ts'
import { type EventLimits, eventLimits, firstByteTimeoutMs } from './upstream-limits.ts'

/** gRPC (A2A 1.0 §10; 0.3 §3.2.2). `methods` are those of the version's package. */
export function createGrpc(
  deps: BindingDeps,
  connections: Http2Connections,
  version: Version,
  methods: readonly ProtoMethod[],
): Binding {
  const { limits } = deps
  const byOperation = new Map(methods.map((method) => [method.operation, method]))

  /** The messages of an answer. `metadata` gathers what it says beside them. */
  async function* messagesOf(
    operation: Operation,
    call: AgentCall,
    sizes: EventLimits,
    metadata: IncomingHttpHeaders[],
  ): AsyncGenerator<Wire<unknown>, void> {
    const method = byOperation.get(operation)
    if (method === undefined) throw new TypeError(`A2A ${version} has no ${operation} over gRPC`)
    const { headers, certificate, isSecret } = call.authorisation
    const messages = callGrpc(connections, {
      to: { address: call.via.url, isSecret, ...(certificate === undefined ? {} : { certificate }) },
      path: method.path,
      metadata: {
        'user-agent': deps.userAgent,
        ...serviceParameters(version, call.options),
        ...headers,
      },
      message: encoded(method, call),
      limits: sizes,
      // Servers of gRPC send nothing before a stream's first message, however long that takes.
      firstByteTimeoutMs: method.isStream ? limits.silentTimeoutMs : firstByteTimeoutMs(limits, operation),
      silentTimeoutMs: limits.silentTimeoutMs,
      signal: call.options.signal,
      now: deps.now,
      onMetadata: (headers) => metadata.push(headers),
      failureOf: (status, hasBegun) => grpcFailure(operation, status, hasBegun),
    })
    let maxBytes = sizes.maxFirstEventBytes ?? sizes.maxEventBytes
    for await (const message of messages) {
      yield decoded(method, message, maxBytes)
      maxBytes = sizes.maxEventBytes
    }
  }

  return {
    async unary(operation, call) {
      const metadata: IncomingHttpHeaders[] = []
      const answers: Wire<unknown>[] = []
      const sizes = { maxEventBytes: limits.maxTaskBytes }
      for await (const message of messagesOf(operation, call, sizes, metadata)) {
        if (answers.push(message) > 1) throw invalidAnswer('is a stream where one result was asked for')
      }
      const [answer] = answers
      if (answer === undefined) throw invalidAnswer('holds no message')
      tellActivated(metadata, call)
      return answer
    },
    async *stream(operation, call) {
      const metadata: IncomingHttpHeaders[] = []
      let isFirst = true
      for await (const event of messagesOf(operation, call, eventLimits(limits, operation), metadata)) {
        if (isFirst) tellActivated(metadata, call)
        isFirst = false
        yield event
      }
    },
  }
}

function tellActivated(metadata: readonly IncomingHttpHeaders[], { options }: AgentCall): void {
  const activated = activatedIn((name) => metadata.flatMap((headers) => headers[name] ?? []), options)
  if (activated.length > 0) options.onActivated?.(activated)
}

function encoded(method: ProtoMethod, call: AgentCall): Uint8Array {
  try {
    return method.request.encode(call.request)
  } catch (cause) {
    if (!(cause instanceof ParleyError)) throw cause
    throw new AgentFailure('not_accepted', `The message cannot be sent over gRPC: ${cause.message}`, {
      cause,
    })
  }
}

/** `maxBytes` is as much as the same answer may be in JSON. */
function decoded(method: ProtoMethod, message: Buffer, maxBytes: number): Wire<unknown> {
  try {
    const text = method.response.decode(message, maxBytes)
    return { value: JSON.parse(text), text }
  } catch (cause) {
    if (!(cause instanceof ParleyError)) throw cause
    if (cause.code === 'payload_too_large') throw tooLarge(maxBytes)
    throw invalidAnswer(`does not follow A2A: ${cause.message}`, cause)
  }
}
