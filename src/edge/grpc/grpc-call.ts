import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { EdgeRequest } from '../exchange.ts'
import type { Peer } from '../peer.ts'
import { ACCEPTED_ENCODINGS, frameOf, type MessageLimits, readMessage } from './read-message.ts'

/** How a call ends. Trailers are ASCII. */
export type GrpcStatus = {
  /** 0 is success. */
  readonly code: number
  readonly message: string
  readonly trailers: Readonly<Record<string, string>>
}

const OK: GrpcStatus = { code: 0, message: '', trailers: {} }
const DEADLINE_EXCEEDED: GrpcStatus = { code: 4, message: 'Deadline exceeded', trailers: {} }

const HEAD: OutgoingHttpHeaders = {
  [constants.HTTP2_HEADER_STATUS]: 200,
  [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc+proto',
  'grpc-accept-encoding': ACCEPTED_ENCODINGS,
}

/** Timers take no more. */
const MAX_TIMEOUT_MS = 2_147_483_647

/** A call over gRPC: an HTTP/2 stream as those see it who answer the call. */
export class GrpcCall
  implements Pick<EdgeRequest, 'header' | 'peer' | 'signal' | 'release' | 'isClientGone'>
{
  readonly peer: Peer
  readonly #stream: ServerHttp2Stream
  /** Names and values in turn. */
  readonly #headers: readonly string[]
  #leave: AbortController | undefined
  #deadline: NodeJS.Timeout | undefined
  #isAnswered = false
  #isClientGone = false
  #onGone: (() => void) | undefined
  readonly #onRefused: (stream: ServerHttp2Stream) => void

  /** `headers` are as they came, so that none is dropped that came twice. */
  constructor(
    stream: ServerHttp2Stream,
    headers: readonly string[],
    peer: Peer,
    onRefused: (stream: ServerHttp2Stream) => void,
  ) {
    this.#stream = stream
    this.#headers = headers
    this.peer = peer
    this.#onRefused = onRefused
    stream.once('close', this.#left)
    // What breaks a stream closes it too.
    stream.on('error', () => {})
  }

  header(name: string): string | undefined {
    let joined: string | undefined
    for (let at = 0; at < this.#headers.length; at += 2) {
      if (this.#headers[at] !== name) continue
      const value = this.#headers[at + 1] ?? ''
      joined = joined === undefined ? value : `${joined}, ${value}`
    }
    return joined
  }

  /** The client has left, or its deadline has passed: it takes no answer any more. */
  get isClientGone(): boolean {
    return this.#isClientGone
  }

  get signal(): AbortSignal {
    if (this.#leave === undefined) {
      this.#leave = new AbortController()
      if (this.#isClientGone) this.#leave.abort()
    }
    return this.#leave.signal
  }

  release(): void {
    this.#leave?.abort()
  }

  /** Calls `listener` once the client is gone, at once when it already is. Unlike `signal`, `release` says nothing here. */
  whenGone(listener: () => void): void {
    if (this.#isClientGone) listener()
    else this.#onGone = listener
  }

  /** Calls `listener` once nothing is left of the call, however it ended. */
  whenOver(listener: () => void): void {
    this.#stream.once('close', listener)
  }

  /** From now on the call has this long to be answered. */
  expireAfter(timeoutMs: number): void {
    this.#deadline = setTimeout(this.#expire, Math.min(timeoutMs, MAX_TIMEOUT_MS))
  }

  /** As the function of that name. */
  readMessage(limits: MessageLimits): Promise<Buffer> {
    return readMessage(this.#stream, this.header('grpc-encoding'), limits)
  }

  /** Throws a `TypeError` for values that are not ASCII. */
  sendHeaders(headers: Readonly<Record<string, string>>): void {
    const told = { ...HEAD, ...ascii(headers) }
    if (!this.#isOver) this.#stream.respond(told, { waitForTrailers: true })
  }

  /** `sent` is called once the connection has taken the message, and never if it does not. */
  write(message: Uint8Array, sent?: () => void): void {
    if (!this.#isOver) this.#stream.write(frameOf(message), (error) => error ?? sent?.())
  }

  /** Nothing follows. Says nothing to who is gone. */
  end(status: GrpcStatus = OK): void {
    if (this.#isOver) return
    this.#isAnswered = true
    clearTimeout(this.#deadline)
    this.#tell(status)
  }

  /** As `end`, of a call that nobody known has made. */
  refuse(status: GrpcStatus): void {
    this.end(status)
    this.#onRefused(this.#stream)
  }

  /** Answers what is no gRPC in plain HTTP. */
  refuseHttp(status: number): void {
    if (this.#isOver) return
    this.#isAnswered = true
    this.#stream.respond({ [constants.HTTP2_HEADER_STATUS]: status }, { endStream: true })
    this.#dismiss()
    this.#onRefused(this.#stream)
  }

  get #isOver(): boolean {
    return this.#isAnswered || this.#isClientGone || this.#isStreamOver
  }

  get #isStreamOver(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }

  #tell({ code, message, trailers }: GrpcStatus): void {
    const stream = this.#stream
    const told = {
      ...ascii(trailers),
      'grpc-status': String(code),
      ...(message !== '' && { 'grpc-message': percentEncoded(message) }),
    }
    if (!stream.headersSent) {
      stream.respond({ ...HEAD, ...told }, { endStream: true })
      this.#dismiss()
      return
    }
    stream.once('wantTrailers', () => {
      if (this.#isStreamOver) return
      stream.sendTrailers(told)
      this.#dismiss()
    })
    stream.end()
  }

  /** A client that has its answer need not go on with its request. */
  #dismiss(): void {
    if (this.#stream.readableEnded) return
    this.#stream.resume()
    this.#stream.close(constants.NGHTTP2_NO_ERROR)
  }

  readonly #left = (): void => {
    clearTimeout(this.#deadline)
    if (this.#isAnswered || this.#isClientGone) return
    this.#isClientGone = true
    this.#leave?.abort()
    this.#onGone?.()
  }

  readonly #expire = (): void => {
    const stream = this.#stream
    this.#left()
    if (this.#isStreamOver) return
    // Whoever does not read what there is does not read this either.
    if (stream.writableLength > 0) stream.close(constants.NGHTTP2_CANCEL)
    else this.#tell(DEADLINE_EXCEEDED)
  }
}

function ascii(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[ -~]*$/.test(value)) throw new TypeError(`${name} is not ASCII`)
  }
  return headers
}

/** As gRPC writes a status message. */
const percentEncoded = (text: string): string =>
  Buffer.from(text)
    .toString('latin1')
    .replace(/[^ -$&-~]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
