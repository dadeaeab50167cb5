import { Metadata, Server, ServerCredentials, type ServiceDefinition, status } from '@grpc/grpc-js'
import type { Operation } from '../a2a/operation.ts'
import { V1_0_METHODS } from '../a2a/proto/methods-v1.ts'
import type { ProtoMethod } from '../a2a/proto/proto-method.ts'
import { statusCodec } from '../a2a/proto/rpc-status.ts'
import { V0_3_METHODS } from '../a2a/v0_3/proto/methods.ts'
import type { Version } from '../a2a/version.ts'
import type { AgentTarget } from '../delivery/agent-client.ts'
import { targetOf } from './loopback-server.case.ts'

/** One call that a test agent got, and how it is answered. */
export type GrpcExchange = {
  readonly operation: Operation
  /** As proto-JSON. */
  readonly request: string
  readonly header: (name: string) => string | undefined
  /** All of the metadata, as text. */
  readonly metadata: () => string
  /** The client's address and port. */
  readonly peer: string
  /** Says a message: JSON, or bytes as they are. Resolves when there is room for more. */
  readonly say: (message: string | Uint8Array) => Promise<void>
  /** Ends well, or with a status. */
  readonly end: (failure?: GrpcFailure, trailers?: Readonly<Record<string, string>>) => void
  /** Sends the answer's metadata ahead. */
  readonly open: (headers: Readonly<Record<string, string>>) => void
  /** Settles when the client has left. */
  readonly cancelled: Promise<void>
}

export type GrpcFailure = { readonly code: number; readonly details?: string; readonly status?: object }

export type GrpcAgent = AsyncDisposable & {
  readonly port: number
  readonly exchanges: readonly GrpcExchange[]
  readonly target: (streaming?: boolean) => AgentTarget
}

export type GrpcAgentOptions = {
  readonly version?: Version
  readonly credentials?: ServerCredentials
}

const METHODS: Readonly<Record<Version, readonly ProtoMethod[]>> = {
  '1.0': V1_0_METHODS,
  '0.3': V0_3_METHODS,
}

/** A real gRPC server on loopback with the methods of one version, which answers as `answer` says. */
export async function openGrpcAgent(
  answer: (exchange: GrpcExchange) => unknown,
  { version = '1.0', credentials = ServerCredentials.createInsecure() }: GrpcAgentOptions = {},
): Promise<GrpcAgent> {
  const exchanges: GrpcExchange[] = []
  const server = new Server({ 'grpc.max_send_message_length': -1, 'grpc.max_receive_message_length': -1 })
  const take = (exchange: GrpcExchange) => {
    exchanges.push(exchange)
    void answer(exchange)
  }
  const methods = METHODS[version]
  server.addService(
    definitionOf(methods),
    Object.fromEntries(methods.map((method) => [method.operation, handlerOf(method, take)])),
  )
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)))
  })
  return {
    port,
    exchanges,
    target: (streaming = true) =>
      targetOf(
        `127.0.0.1:${port}`,
        {
          protocolBinding: 'GRPC',
          protocolVersion: version,
          ...(version === '1.0' ? { tenant: 'acme' } : {}),
        },
        streaming,
      ),
    async [Symbol.asyncDispose]() {
      server.forceShutdown()
    },
  }
}

const definitionOf = (methods: readonly ProtoMethod[]): ServiceDefinition =>
  Object.fromEntries(
    methods.map(({ operation, path, isStream }) => [
      operation,
      {
        path,
        requestStream: false,
        responseStream: isStream,
        requestSerialize: Buffer.from,
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (bytes: Buffer) => bytes,
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    ]),
  )

/** What the two kinds of call have in common for us. */
type ServerCall = {
  readonly request: Buffer
  readonly metadata: Metadata
  sendMetadata(metadata: Metadata): void
  getPeer(): string
  on(event: 'cancelled' | 'drain', listener: () => void): unknown
}

type StreamCall = ServerCall & {
  write(message: Buffer): boolean
  once(event: 'drain', listener: () => void): unknown
  end(trailers?: Metadata): void
  emit(event: 'error', error: object): boolean
}

type Reply = (error: object | null, message?: Buffer, trailers?: Metadata) => void

function handlerOf(
  { operation, isStream, request, response }: ProtoMethod,
  take: (exchange: GrpcExchange) => void,
) {
  const bytesOf = (message: string | Uint8Array) =>
    Buffer.from(typeof message === 'string' ? response.encode(message) : message)
  const begin = (call: ServerCall, ending: Pick<GrpcExchange, 'say' | 'end'>) => {
    const cancelled = new Promise<void>((resolve) => {
      call.on('cancelled', () => resolve())
    })
    take({
      operation,
      request: request.decode(call.request),
      header: (name) => call.metadata.get(name)[0]?.toString(),
      metadata: () => JSON.stringify(call.metadata.getMap()),
      peer: call.getPeer(),
      open: (headers) => call.sendMetadata(metadataOf(headers)),
      cancelled,
      ...ending,
    })
  }
  if (isStream) {
    return (call: StreamCall) => {
      const left = new Promise<void>((resolve) => {
        call.on('cancelled', () => resolve())
      })
      begin(call, {
        say: async (message) => {
          if (call.write(bytesOf(message))) return
          await Promise.race([left, new Promise<void>((resolve) => void call.once('drain', resolve))])
        },
        end: (failure, trailers = {}) => {
          if (failure === undefined) call.end(metadataOf(trailers))
          else call.emit('error', errorOf(failure))
        },
      })
    }
  }
  return (call: ServerCall, reply: Reply) => {
    let said: Buffer | undefined
    begin(call, {
      say: async (message) => {
        said = bytesOf(message)
      },
      end: (failure, trailers = {}) => {
        if (failure === undefined) reply(null, said, metadataOf(trailers))
        else reply(errorOf(failure))
      },
    })
  }
}

function metadataOf(headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  return metadata
}

function errorOf({ code, details = 'no', status: rich }: GrpcFailure) {
  const metadata = new Metadata()
  if (rich !== undefined) {
    metadata.set('grpc-status-details-bin', Buffer.from(statusCodec.encode(JSON.stringify(rich))))
  }
  return { code, details, metadata }
}

/** A status as A2A 1.0 §10.6 has it. */
export const refusedFor = (code: number, reason: string): GrpcFailure => ({
  code,
  status: {
    code,
    details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'a2a-protocol.org' }],
  },
})

export const CODES = status
