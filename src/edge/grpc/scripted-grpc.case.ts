import { afterEach } from 'node:test'
import {
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
  status,
} from '@grpc/grpc-js'
import { V1_0_METHODS } from '../../a2a/proto/methods-v1.ts'
import { statusCodec } from '../../a2a/proto/rpc-status.ts'
import { V0_3_METHODS } from '../../a2a/v0_3/proto/methods.ts'
import { bearer, type Script, type Scripted, scriptedDeps } from '../http/scripted-app.case.ts'
import { type GrpcListener, type GrpcListenOptions, listenGrpc } from './server.ts'

type Codec = { readonly encode: (json: string) => Uint8Array; readonly decode: (bytes: Uint8Array) => string }
export type AnyMethod = { readonly path: string; readonly request: Codec; readonly response: Codec }

const named = (methods: readonly AnyMethod[], name: string): AnyMethod => {
  const found = methods.find(({ path }) => path.endsWith(`/${name}`))
  if (found === undefined) throw new TypeError(`no method ${name}`)
  return found
}

export const v1 = (name: string): AnyMethod => named(V1_0_METHODS, name)
export const v0_3 = (name: string): AnyMethod => named(V0_3_METHODS, name)

export type Answer = {
  readonly code: number
  readonly message: string
  readonly result: unknown
  /** Of `grpc-status-details-bin`. */
  readonly details: readonly Record<string, unknown>[]
  readonly headers: Metadata
  readonly trailers: Metadata
}

export type Ask = {
  readonly metadata?: Readonly<Record<string, string>>
  readonly deadline?: Date
  /** Cancels the call. */
  readonly signal?: AbortSignal
  /** In place of the encoded request. */
  readonly bytes?: Buffer
}

export type ScriptedGrpc = Scripted & {
  readonly listener: GrpcListener
  readonly client: Client
  readonly ask: (method: AnyMethod, request: unknown, how?: Ask) => Promise<Answer>
  readonly open: (method: AnyMethod, request: unknown, how?: Ask) => ReadStream
}

const same = (bytes: Buffer): Buffer => bytes

/** A listener over scripted rooms and a client that may do everything but `admin`; both are closed after the test. */
export function useGrpc() {
  const open: { readonly listener: GrpcListener; readonly client: Client }[] = []
  afterEach(async () => {
    for (const { listener, client } of open.splice(0)) {
      client.close()
      await listener.close(0)
    }
  })
  return async (script: Script = {}, options: Partial<GrpcListenOptions> = {}): Promise<ScriptedGrpc> => {
    const { deps, ...scripted } = scriptedDeps({ ...script, deps: { now: Date.now, ...script.deps } })
    const listener = await listenGrpc(deps, { host: '127.0.0.1', port: 0, agent: 'echo', ...options })
    const client = new Client(listener.address, credentials.createInsecure())
    open.push({ listener, client })
    return {
      ...scripted,
      listener,
      client,
      ask: (method, request, how = {}) => askWith(client, method, request, how),
      open: (method, request, how) => openStream(client, method, request, how),
    }
  }
}

const callOf = (method: AnyMethod, request: unknown, { metadata, deadline, bytes }: Ask) => {
  const sent = new Metadata()
  for (const [name, value] of Object.entries({ ...bearer('all'), ...metadata })) {
    if (value !== '') sent.set(name, value)
  }
  return {
    bytes: bytes ?? Buffer.from(method.request.encode(JSON.stringify(request))),
    metadata: sent,
    options: deadline === undefined ? {} : { deadline },
  }
}

export function askWith(client: Client, method: AnyMethod, request: unknown, how: Ask = {}): Promise<Answer> {
  const { bytes, metadata, options } = callOf(method, request, how)
  return new Promise((resolve) => {
    let headers = new Metadata()
    let answer: Pick<Answer, 'result' | 'code' | 'message'> = { code: -1, message: '', result: undefined }
    const onAnswer = (error: ServiceError | null, value?: Buffer) => {
      const result = value === undefined ? undefined : JSON.parse(method.response.decode(value))
      answer = { code: error?.code ?? status.OK, message: error?.details ?? '', result }
    }
    const call = client.makeUnaryRequest(method.path, same, same, bytes, metadata, options, onAnswer)
    how.signal?.addEventListener('abort', () => call.cancel(), { once: true })
    call
      .on('metadata', (received: Metadata) => {
        headers = received
      })
      .on('status', ({ metadata: trailers }: StatusObject) => {
        setImmediate(() => resolve({ ...answer, headers, trailers, details: detailsOf(trailers) }))
      })
  })
}

export function detailsOf(trailers: Metadata): readonly Record<string, unknown>[] {
  const [bytes] = trailers.get('grpc-status-details-bin')
  if (!Buffer.isBuffer(bytes)) return []
  return (JSON.parse(statusCodec.decode(bytes)) as { details?: Record<string, unknown>[] }).details ?? []
}

export function openStream(client: Client, method: AnyMethod, request: unknown, how: Ask = {}): ReadStream {
  const { bytes, metadata, options } = callOf(method, request, how)
  return new ReadStream(
    client.makeServerStreamRequest(method.path, same, same, bytes, metadata, options),
    method,
  )
}

/** A stream as a client reads it. */
export class ReadStream {
  readonly call: ClientReadableStream<Buffer>
  readonly #method: AnyMethod
  /** How it ended. */
  readonly ended: Promise<StatusObject>
  readonly headers: Promise<Metadata>

  constructor(call: ClientReadableStream<Buffer>, method: AnyMethod) {
    this.call = call
    this.#method = method
    this.ended = new Promise((resolve) => call.on('status', resolve))
    this.headers = new Promise((resolve) => call.on('metadata', resolve))
    call.on('error', () => {
      // `ended` tells.
    })
  }

  /** The next `count` messages, or all there are. */
  async take(count = Number.POSITIVE_INFINITY): Promise<readonly unknown[]> {
    const taken: unknown[] = []
    if (count === 0) return taken
    try {
      for await (const bytes of this.call.iterator({ destroyOnReturn: false })) {
        taken.push(JSON.parse(this.#method.response.decode(bytes)))
        if (taken.length >= count) break
      }
    } catch {
      // The failure is the status, which `ended` tells.
    }
    return taken
  }
}
