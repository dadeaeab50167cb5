import type { AgentInterface } from '../a2a/agent-card.ts'
import type { JsonText } from '../a2a/json-text.ts'
import type { StreamOperation, UnaryOperation } from '../a2a/operation.ts'
import type { Wire } from '../a2a/wire.ts'
import type { AgentCallOptions } from '../delivery/agent-client.ts'
import type { Authorisation } from './authorise-call.ts'
import type { Guard } from './guard.ts'
import type { HttpClient } from './http.ts'
import type { UpstreamLimits } from './upstream-limits.ts'

/** One call of one operation of an agent. */
export type AgentCall = {
  readonly via: AgentInterface
  /** The request as the version of the binding writes it. */
  readonly request: JsonText<object>
  /** Of operations on a task: the agent's id of it. */
  readonly agentTaskId?: string
  readonly options: AgentCallOptions
  readonly authorisation: Authorisation
}

/**
 * One binding of one version of A2A. What comes back is JSON of that version, not yet checked against it; its text is the
 * agent's own where the binding carries text. Fails with `AgentFailure`, `HttpError` or the signal's reason.
 */
export type Binding = {
  readonly unary: (operation: UnaryOperation, call: AgentCall) => Promise<Wire<unknown>>
  readonly stream: (operation: StreamOperation, call: AgentCall) => AsyncGenerator<Wire<unknown>, void>
}

export type BindingDeps = {
  readonly guard: Guard
  readonly http: HttpClient
  readonly limits: UpstreamLimits
  readonly newId: () => string
  readonly now: () => number
  readonly userAgent: string
}
