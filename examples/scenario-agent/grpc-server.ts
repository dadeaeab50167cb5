import { promisify } from 'node:util'
import type { Message } from '@a2a-js/sdk'
import { LegacyA2AService, legacyGrpcService } from '@a2a-js/sdk/compat/v0_3/server/grpc'
import type { DefaultRequestHandler } from '@a2a-js/sdk/server'
import { A2AService, grpcService, UserBuilder } from '@a2a-js/sdk/server/grpc'
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type Metadata,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js'
import type { VerifyParleyToken } from '../verify-parley/parley-token.ts'
import { requireParleyOverGrpc } from '../verify-parley/require-parley-grpc.ts'
import { activateExtensions } from './extension.ts'
import type { Form } from './forms.ts'
import { type GrpcFault, grpcFaultOf } from './grpc-faults.ts'
import { parseMessage, receive, recordReceived } from './received.ts'
import type { SkillBook } from './skill-book.ts'

type GrpcParts = {
  readonly requestHandler: DefaultRequestHandler
  readonly book: SkillBook
  readonly recordFile: string | undefined
}

type GrpcListener = Disposable & {
  /** `host:port`. Calls are accepted from now on, and refused as unimplemented before `serve`. */
  readonly address: string
  serve(parts: GrpcParts): void
}

/** Listens on loopback, in plaintext; 0 takes a free port. The port belongs on the card that the services need. With `verify`, calls without a good token of Parley's are refused. */
export async function listenGrpc(
  port: number,
  maxBodyBytes: number,
  verify: VerifyParleyToken | undefined,
): Promise<GrpcListener> {
  const server = new Server({
    'grpc.max_receive_message_length': maxBodyBytes,
    ...(verify ? { interceptors: [requireParleyOverGrpc(verify)] } : {}),
  })
  const bind = promisify<string, ServerCredentials, number>(server.bindAsync.bind(server))
  const bound = await bind(`127.0.0.1:${port}`, ServerCredentials.createInsecure())
  return {
    address: `127.0.0.1:${bound}`,
    serve: (parts) => addServices(server, parts),
    [Symbol.dispose]: () => server.forceShutdown(),
  }
}

/** Both versions of A2A: their services have different names. */
function addServices(server: Server, { requestHandler, book, recordFile }: GrpcParts): void {
  const options = {
    requestHandler,
    userBuilder: UserBuilder.noAuthentication,
    contextBuilder: activateExtensions,
  }
  const watch = (
    version: Form['version'],
    message: Message | undefined,
    metadata: Metadata,
  ): GrpcFault | undefined => {
    if (!message) return undefined
    const received = receive({ version, binding: 'GRPC' }, message, book)
    const header = (name: string) => metadata.get(name).map(String).join(',') || undefined
    if (recordFile !== undefined) recordReceived(recordFile, received, header)
    return grpcFaultOf(received)
  }
  const service = grpcService(options)
  server.addService(A2AService, {
    ...service,
    ...withFaults(service, ({ message }, metadata) => watch('1.0', message, metadata)),
  })
  const legacy = legacyGrpcService(options)
  server.addService(LegacyA2AService, {
    ...legacy,
    ...withFaults(legacy, ({ request }, metadata) => watch('0.3', fromLegacy(request), metadata)),
  })
}

type Sends<Request, Answer, Event> = {
  readonly sendMessage: handleUnaryCall<Request, Answer>
  readonly sendStreamingMessage: handleServerStreamingCall<Request, Event>
}

/** The calls that send a message, unless `watch` finds that they are to go wrong. */
const withFaults = <Request, Answer, Event>(
  service: Sends<Request, Answer, Event>,
  watch: (request: Request, metadata: Metadata) => GrpcFault | undefined,
): Sends<Request, Answer, Event> => ({
  sendMessage: (call, callback) => {
    const fault = watch(call.request, call.metadata)
    if (fault === undefined) service.sendMessage(call, callback)
    else if (fault !== 'hang') callback(fault)
  },
  sendStreamingMessage: (call) => {
    const fault = watch(call.request, call.metadata)
    if (fault === undefined) service.sendStreamingMessage(call)
    else if (fault !== 'hang') call.emit('error', fault)
  },
})

type LegacyMessage = Pick<Message, 'messageId' | 'contextId' | 'taskId' | 'metadata'> & {
  readonly content: readonly {
    readonly part?: { readonly $case: string; readonly value: unknown } | undefined
  }[]
}

const fromLegacy = (message: LegacyMessage | undefined): Message | undefined =>
  message &&
  parseMessage({
    ...message,
    content: message.content.map(({ part }) => (part?.$case === 'text' ? { text: part.value } : {})),
  })
