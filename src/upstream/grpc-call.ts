import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import type { AgentFailure } from '../delivery/agent-client.ts'
import { invalidAnswer, statusFailure } from './agent-failures.ts'
import { frameOf, readFrames } from './grpc-frames.ts'
import { HttpError } from './http-error.ts'
import type { Http2Connections } from './http2-connections.ts'
import type { Http2Target } from './open-http2.ts'
import { retryAfterMs } from './retry-after.ts'
import type { EventLimits } from './upstream-limits.ts'
import { createWithin, orAbort, type Within } from './within.ts'

export type GrpcCall = {
  readonly to: Http2Target
  /** `/package.Service/Method` */
  readonly path: string
  readonly metadata: Readonly<Record<string, string>>
  readonly message: Uint8Array
  readonly limits: EventLimits
  readonly firstByteTimeoutMs: number
  /** The longest wait for more of the answer, counted only while somebody reads it. */
  readonly silentTimeoutMs: number
  readonly signal: AbortSignal
  readonly now: () => number
  /** Told of the answer's metadata before its first message, and of what came after its last. */
  readonly onMetadata: (metadata: IncomingHttpHeaders) => void
  /** For a status other than OK, `hasBegun` when messages came before it. */
  readonly failureOf: (status: GrpcStatus, hasBegun: boolean) => AgentFailure
}

/** How a server ended a call, in its own words. */
export type GrpcStatus = {
  /** 0 is success. */
  readonly code: number
  readonly message: string
  /** Bytes of a `google.rpc.Status`. */
  readonly details: Buffer | undefined
}

/**
 * One call of gRPC over HTTP/2 with one request message; yields the messages of the answer at the reader's pace. Leaving the
 * loop cancels the call, and the signal does so at once. Rejects with `HttpError`, with `AgentFailure` when the server ends
 * the call with a failure or answers what is no gRPC, or with the signal's reason.
 */
export async function* callGrpc(
  connections: Http2Connections,
  call: GrpcCall,
): AsyncGenerator<Buffer, void, undefined> {
  const silence = new AbortController()
  const signal = AbortSignal.any([call.signal, silence.signal])
  const within = createWithin(silence, signal)
  const { stream, headers, ended } = await begin(connections, call, within, signal)
  const onAbort = () => cancel(stream)
  signal.addEventListener('abort', onAbort, { once: true })
  let hasBegun = false
  try {
    assertGrpc(headers, call.now())
    call.onMetadata(headers)
    // A stream that is cancelled just ends, so the signal is asked beside it.
    const chunks = readChunks(stream, (wait) => within(call.silentTimeoutMs, () => orAbort(wait(), signal)))
    for await (const message of readFrames(chunks, call.limits)) {
      hasBegun = true
      yield message
    }
    // The status of an answer without a body stands in its headers.
    const last = ended() ?? headers
    const status = statusOf(last)
    if (status.code !== 0) throw call.failureOf(status, hasBegun)
    call.onMetadata(last)
  } finally {
    signal.removeEventListener('abort', onAbort)
    cancel(stream)
  }
}

/** Once more when the server itself says that it did not look at the request, as it does when it closes a connection. */
const ATTEMPTS = 2

type Headers = IncomingHttpHeaders & IncomingHttpStatusHeader

type Begun = {
  readonly stream: ClientHttp2Stream
  readonly headers: Headers
  /** What came after the body. */
  readonly ended: () => IncomingHttpHeaders | undefined
}

async function begin(
  connections: Http2Connections,
  call: GrpcCall,
  within: Within,
  signal: AbortSignal,
): Promise<Begun> {
  for (let attempt = 1; ; attempt++) {
    const stream = await within(call.firstByteTimeoutMs, () =>
      connections.request(call.to, headersOf(call), signal),
    ).catch(unsent)
    const { answer, ended } = listen(stream)
    try {
      stream.end(frameOf(call.message))
      return { stream, ended, headers: await within(call.firstByteTimeoutMs, () => orAbort(answer, signal)) }
    } catch (cause) {
      const isUntouched = stream.pending || stream.rstCode === constants.NGHTTP2_REFUSED_STREAM
      cancel(stream)
      call.signal.throwIfAborted()
      if (!isUntouched) throw cause
      if (signal.aborted || attempt === ATTEMPTS) {
        throw new HttpError('unreachable', 'does not take the request', { cause })
      }
    }
  }
}

/** Whatever kept a request from being sent, the agent did not take it. */
function unsent(error: unknown): never {
  if (!(error instanceof HttpError) || error.failure !== 'timed_out') throw error
  throw new HttpError('unreachable', 'has no room for the request', { cause: error })
}

const headersOf = ({ path, metadata }: GrpcCall) => ({
  ...metadata,
  [constants.HTTP2_HEADER_METHOD]: 'POST',
  [constants.HTTP2_HEADER_PATH]: path,
  [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
  [constants.HTTP2_HEADER_TE]: 'trailers',
  'grpc-accept-encoding': 'identity',
})

function listen(stream: ClientHttp2Stream) {
  const { promise: answer, resolve, reject } = Promise.withResolvers<Headers>()
  let trailers: IncomingHttpHeaders | undefined
  stream.once('response', resolve)
  stream.once('trailers', (headers) => {
    trailers = headers
  })
  // Whoever reads the stream gets its error from there; nobody reading is no reason to end the process.
  stream.on('error', reject)
  stream.once('close', () => reject(new Error('closed without an answer')))
  answer.catch(() => {})
  return { answer, ended: () => trailers }
}

/** Tells the server that nobody wants the rest; nothing when there is no rest. */
function cancel(stream: ClientHttp2Stream): void {
  if (stream.destroyed) return
  stream.close(constants.NGHTTP2_CANCEL)
  stream.destroy()
}

/** A proxy on the way answers in HTTP alone. */
function assertGrpc(headers: Headers, now: number): void {
  const status = headers[':status'] ?? 0
  if (status !== 200) throw statusFailure(status, retryAfterMs(headers['retry-after'], now))
  if (!/^application\/grpc(?:[+;]|$)/i.test(headers['content-type'] ?? '')) throw invalidAnswer('is not gRPC')
}

async function* readChunks(
  stream: ClientHttp2Stream,
  within: (wait: () => Promise<IteratorResult<Buffer, unknown>>) => Promise<IteratorResult<Buffer, unknown>>,
): AsyncGenerator<Buffer, void> {
  const iterator: AsyncIterator<Buffer, unknown> = stream[Symbol.asyncIterator]()
  for (;;) {
    const next = await within(() => iterator.next())
    if (next.done === true) return
    yield next.value
  }
}

function statusOf(metadata: IncomingHttpHeaders): GrpcStatus {
  const code = metadata['grpc-status']
  if (typeof code !== 'string' || !/^\d{1,9}$/.test(code)) {
    throw new HttpError('broken', 'ended the connection early')
  }
  const details = metadata['grpc-status-details-bin']
  return {
    code: Number(code),
    message: decoded(metadata['grpc-message']),
    details: typeof details === 'string' ? Buffer.from(details, 'base64') : undefined,
  }
}

/** gRPC writes a status message in percent-encoding, and no server is to fail us by writing it badly. */
function decoded(text: string | string[] | undefined): string {
  if (typeof text !== 'string') return ''
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
