import type { Metadata, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js'
import type { EdgeRequest, HeaderSource } from '../http/exchange.ts'

/** A request's message, which the library keeps for as long as the call lasts: whoever takes its bytes empties it. */
export class Received {
  #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  take(): Buffer {
    const bytes = this.#bytes
    this.#bytes = Buffer.alloc(0)
    return bytes
  }
}

export type UnaryCall = ServerUnaryCall<Received, Buffer>
export type StreamCall = ServerWritableStream<Received, Buffer>

/** Service parameters as gRPC carries them: metadata. */
export const headersOf = (metadata: Metadata): HeaderSource => ({
  header(name) {
    const values = metadata.get(name)
    return values.length === 0 ? undefined : values.join(', ')
  },
})

/** Timers take no more. */
const MAX_TIMEOUT_MS = 2_147_483_647

/** A call over gRPC as the phases after decoding know it. */
export class GrpcExchange implements Pick<EdgeRequest, 'header' | 'signal' | 'release' | 'isClientGone'> {
  readonly #call: UnaryCall | StreamCall
  readonly #headers: HeaderSource
  readonly #leave = new AbortController()
  readonly #deadline: NodeJS.Timeout | undefined
  #isAnswered = false
  #isClientGone = false
  #onGone: (() => void) | undefined

  constructor(call: UnaryCall | StreamCall, now: () => number) {
    this.#call = call
    this.#headers = headersOf(call.metadata)
    if (call.cancelled) this.#left()
    else call.once('cancelled', this.#left)
    // The library tells a deadline only once everything written has gone out, which a stalled reader prevents.
    const deadline = Number(call.getDeadline())
    if (Number.isFinite(deadline)) {
      this.#deadline = setTimeout(this.#left, Math.min(Math.max(0, deadline - now()), MAX_TIMEOUT_MS))
    }
  }

  /** The client has left, or its deadline has passed: it takes no answer any more. */
  get isClientGone(): boolean {
    return this.#isClientGone
  }

  get signal(): AbortSignal {
    return this.#leave.signal
  }

  /** Calls `listener` once the client is gone, at once when it already is. Unlike `signal`, `release` says nothing here. */
  whenGone(listener: () => void): void {
    if (this.#isClientGone) listener()
    else this.#onGone = listener
  }

  /** The answer is complete, as far as this side is concerned: what happens to the call from here on is no news. */
  answered(): void {
    this.#isAnswered = true
    clearTimeout(this.#deadline)
    this.#call.off('cancelled', this.#left)
  }

  release(): void {
    this.#leave.abort()
  }

  header(name: string): string | undefined {
    return this.#headers.header(name)
  }

  readonly #left = (): void => {
    if (this.#isAnswered) return
    this.#isClientGone = true
    clearTimeout(this.#deadline)
    this.#leave.abort()
    this.#onGone?.()
  }
}
