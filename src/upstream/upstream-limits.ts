import type { Operation } from '../a2a/operation.ts'

/** What an agent, or whoever serves a card, may cost us. */
export type UpstreamLimits = {
  /** One event of a stream, or an answer that holds no task. */
  readonly maxEventBytes: number
  /** An answer that holds a whole task. */
  readonly maxTaskBytes: number
  readonly maxCardBytes: number
  /** DNS, TCP and TLS together. */
  readonly connectTimeoutMs: number
  /** From the call to the answer's headers. A blocking send answers when its task settles and has `silentTimeoutMs`. */
  readonly firstByteTimeoutMs: number
  /** The longest silence within an answer. Heartbeat comments end a silence. */
  readonly silentTimeoutMs: number
  /** For a card, redirects and second address included. */
  readonly cardTimeoutMs: number
}

export const DEFAULT_UPSTREAM_LIMITS: UpstreamLimits = {
  maxEventBytes: 4 * 1024 * 1024,
  maxTaskBytes: 32 * 1024 * 1024,
  maxCardBytes: 1024 * 1024,
  connectTimeoutMs: 10_000,
  firstByteTimeoutMs: 60_000,
  silentTimeoutMs: 300_000,
  cardTimeoutMs: 10_000,
}

export type EventLimits = {
  /** The longest data of one event. */
  readonly maxEventBytes: number
  /** The longest data of the first event, when that may be longer. */
  readonly maxFirstEventBytes?: number
}

/** The snapshot that a subscription begins with is a whole task. */
export const eventLimits = (limits: UpstreamLimits, operation: Operation): EventLimits => ({
  maxEventBytes: limits.maxEventBytes,
  ...(operation === 'SubscribeToTask' ? { maxFirstEventBytes: limits.maxTaskBytes } : {}),
})

/** How long an answer may let us wait for its beginning: a blocking send answers when the task settles. */
export const firstByteTimeoutMs = (limits: UpstreamLimits, operation: Operation): number =>
  operation === 'SendMessage' ? limits.silentTimeoutMs : limits.firstByteTimeoutMs
