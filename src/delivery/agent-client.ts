import type { AgentInterface } from '../a2a/agent-card.ts'
import type { AgentId } from '../a2a/ids.ts'
import type { JsonText } from '../a2a/json-text.ts'
import type { SendMessageRequest } from '../a2a/requests.ts'
import type { CardSecurity } from '../a2a/security.ts'
import type { StreamResponse, Task } from '../a2a/task.ts'
import type { Wire } from '../a2a/wire.ts'
import type { ErrorCode } from '../errors.ts'

/** Which agent to call, and how. */
export type AgentTarget = {
  readonly agentId: AgentId
  readonly via: AgentInterface
  /** The card says the agent streams. */
  readonly streaming: boolean
  /** What the card demands of callers; absent when that is nothing. */
  readonly security?: CardSecurity
}

/** Whom a call is made for: the principal that the task, or the question, belongs to. */
export type OnBehalfOf = { readonly tenant: string; readonly subject: string }

export type AgentCallOptions = {
  readonly signal: AbortSignal
  /** The agent is told; whatever credential this principal showed us it never sees. */
  readonly onBehalfOf: OnBehalfOf
  readonly traceparent?: string
  /** URIs of the extensions that the client asks for and the agent's card has. */
  readonly extensions?: readonly string[]
  /** Told which of `extensions` the agent activated, before its first answer; not called when it named none. */
  readonly onActivated?: (extensions: readonly string[]) => void
}

/**
 * How a call to an agent failed:
 * - `not_accepted`: the agent provably did not take the request (refused address, no connection, 429, 503)
 * - `refused`: the agent answered with an A2A error, named by `code`
 * - `unknown`: the connection broke or timed out after the request may have been read
 * - `invalid`: the agent answered what A2A does not allow
 */
export type AgentFailureKind = 'not_accepted' | 'refused' | 'unknown' | 'invalid'

/** `message` is written for the client of the task and says nothing of our network; `cause` is for the operator. */
export class AgentFailure extends Error {
  override readonly name = 'AgentFailure'
  readonly kind: AgentFailureKind
  readonly code: ErrorCode | undefined
  readonly retryAfterMs: number | undefined
  /** The agent did not know us, or knew us and did not let us in. Either way it did not take the request. */
  readonly denied: 'unauthenticated' | 'forbidden' | undefined
  /** What its card demands of us and nothing stored for it satisfies, for people, where that may be why. */
  readonly unmet: string | undefined

  constructor(
    kind: AgentFailureKind,
    message: string,
    options: {
      readonly code?: ErrorCode
      readonly retryAfterMs?: number
      readonly denied?: 'unauthenticated' | 'forbidden'
      readonly unmet?: string
      readonly cause?: unknown
    } = {},
  ) {
    super(message, { cause: options.cause })
    this.kind = kind
    this.code = options.code
    this.retryAfterMs = options.retryAfterMs
    this.denied = options.denied
    this.unmet = options.unmet
  }
}

/**
 * Calls agents over the interface they declare, in A2A 1.0 whatever that interface speaks. Ids are the agent's own.
 * Everything returned has passed the A2A schema. All methods reject with `AgentFailure`, or with the signal's reason.
 */
export interface AgentClient extends AsyncDisposable {
  /**
   * Sends a message and yields what the agent says until it ends the exchange: events of a stream, or the single
   * answer of a blocking send. The end of the iteration says nothing about the task's state.
   */
  send(
    target: AgentTarget,
    request: JsonText<SendMessageRequest>,
    options: AgentCallOptions,
  ): AsyncIterable<Wire<StreamResponse>>
  /** Follows a task the agent has; the first event is its snapshot. */
  subscribe(
    target: AgentTarget,
    agentTaskId: string,
    options: AgentCallOptions,
  ): AsyncIterable<Wire<StreamResponse>>
  getTask(target: AgentTarget, agentTaskId: string, options: AgentCallOptions): Promise<Wire<Task>>
  cancelTask(
    target: AgentTarget,
    agentTaskId: string,
    metadata: JsonText<object> | undefined,
    options: AgentCallOptions,
  ): Promise<Wire<Task>>
  /** The text of the card that the agent shows to those it knows: a JSON object, in the form of 1.0. */
  getExtendedCard(target: AgentTarget, options: AgentCallOptions): Promise<string>
}
