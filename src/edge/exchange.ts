import type { ParleyError } from '../errors.ts'
import type { Peer } from './peer.ts'

/**
 * What a protocol needs of a request, and what it answers, whatever serves it: a fetch-standard application
 * (`fetch-exchange`) or Node's HTTP server (`node-exchange`).
 */
export interface EdgeRequest {
  readonly method: string
  /** Path and query at least; some servers know the whole URL. */
  readonly url: string
  /** Who is at the other end of the connection; absent where no network is between. */
  readonly peer: Peer | undefined
  /** The client has left before its answer was complete. */
  readonly isClientGone: boolean
  /** Aborts when the client has left, or on `release`. Made when it is first asked for: most calls end without a wait. */
  readonly signal: AbortSignal
  /** Aborts `signal`: nothing that it was given to is wanted any more. */
  release(): void
  /** The value of a header by its name in lower case; the values of a repeated one are joined by `, `. */
  header(name: string): string | undefined
  /**
   * The body as text, read once. Throws `payload_too_large` for more than `maxBytes` (before reading, when the length
   * is declared), `parse_error` for what is no UTF-8 and `invalid_request` when it ends early.
   */
  readBody(maxBytes: number): Promise<string>
}

/** Where header values come from. */
export type HeaderSource = Pick<EdgeRequest, 'header'>

export type EdgeReply = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | EdgeStream
}

/** Answers with everything, failures too: rejects only for a fault in the protocol itself. */
export type EdgeHandler = (request: EdgeRequest) => Promise<EdgeReply>

/** A body that is written piece by piece, no faster than its reader takes it. */
export interface EdgeStream<Piece = string> {
  /** Begins, or goes on after `write` has answered false. */
  resume(sink: StreamSink<Piece>): void
  /** The reader has left: releases everything. Does nothing once the stream has ended. */
  cancel(): void
}

export type StreamSink<Piece = string> = {
  /** Answers false when the next piece must wait for `resume`. */
  readonly write: (piece: Piece) => boolean
  /** Nothing follows. `error` is why, when that was not the source's own end; a binding that has told it already ignores it. */
  readonly end: (error?: ParleyError) => void
}
