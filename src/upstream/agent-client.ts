import type { AgentInterface } from '../a2a/agent-card.ts'
import { isObject } from '../a2a/json-object.ts'
import { type JsonText, objectText, textOf, withMembers } from '../a2a/json-text.ts'
import type { StreamResponse, Task } from '../a2a/task.ts'
import { sendMessageResponseCheck, streamResponseCheck, taskCheck } from '../a2a/task.ts'
import { decodeCard, isLegacyCard } from '../a2a/v0_3/agent-card.ts'
import type { Check, Wire } from '../a2a/wire.ts'
import { type AgentClient, AgentFailure, type AgentTarget } from '../delivery/agent-client.ts'
import { type ErrorCode, ParleyError } from '../errors.ts'
import { agentFailureOf, invalidAnswer } from './agent-failures.ts'
import type { AuthoriseDeps } from './authorise-call.ts'
import { type AuthorisedLeg, createAuthorisedLeg, type PlainCall } from './authorised-leg.ts'
import type { Guard } from './guard.ts'
import { createHttpClient } from './http.ts'
import { tooLarge } from './http-error.ts'
import { createLegs } from './legs.ts'
import { DEFAULT_UPSTREAM_LIMITS, type UpstreamLimits } from './upstream-limits.ts'
import { withSnapshots } from './with-snapshots.ts'

export type AgentClientDeps = AuthoriseDeps & {
  readonly guard: Guard
  readonly limits?: UpstreamLimits
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly newId: () => string
  /** Tells agents who calls, as `parley/1.2.3`. */
  readonly userAgent: string
}

/**
 * Calls agents in A2A 1.0 and 0.3, over JSON-RPC, REST and gRPC. Abort the signal to leave a quiet stream: an iteration that
 * waits for the agent cannot hear `return()`. Keeps no
 * cookie and follows no redirect.
 */
export function createAgentClient(deps: AgentClientDeps): AgentClient {
  const limits = deps.limits ?? DEFAULT_UPSTREAM_LIMITS
  const http = createHttpClient({
    guard: deps.guard,
    purpose: 'agents',
    connectTimeoutMs: limits.connectTimeoutMs,
  })
  const legs = createLegs({ ...deps, http, limits })

  const legTo = async (target: AgentTarget): Promise<AuthorisedLeg> =>
    createAuthorisedLeg(await legs.legTo(target.via), target, deps)

  const getTask: AgentClient['getTask'] = async (target, agentTaskId, options) => {
    const { via } = target
    const leg = await legTo(target)
    return answered(
      leg.unary('GetTask', { via, request: taskRequest(via, agentTaskId), options }),
      (answer) => taskNamed(agentTaskId, answer),
    )
  }

  return {
    async *send(target, message, options) {
      const { via, streaming } = target
      const leg = await legTo(target)
      const call: PlainCall = { via, request: withMembers(message, { tenant: tenantText(via) }), options }
      if (streaming) {
        const events = checkEvents(leg.stream('SendStreamingMessage', call), limits)
        const refusal = yield* untilRefused(events)
        if (refusal === undefined) return
      }
      yield await answered(leg.unary('SendMessage', call), (answer) =>
        withinEventLimit(checked(sendMessageResponseCheck, answer), limits),
      )
    },
    async *subscribe(target, agentTaskId, options) {
      const { via } = target
      const leg = await legTo(target)
      const call: PlainCall = { via, request: taskRequest(via, agentTaskId), options }
      const events = () => checkEvents(leg.stream('SubscribeToTask', call), limits)
      if (leg.version === '1.0') yield* events()
      else yield* withSnapshots(events, () => getTask(target, agentTaskId, options))
    },
    getTask,
    async cancelTask(target, agentTaskId, metadata, options) {
      const { via } = target
      const leg = await legTo(target)
      const request = taskRequest(via, agentTaskId, metadata)
      return answered(leg.unary('CancelTask', { via, request, options }), (answer) =>
        taskNamed(agentTaskId, answer),
      )
    },
    async getExtendedCard(target, options) {
      const { via } = target
      const leg = await legTo(target)
      const request = objectText([['tenant', tenantText(via)]])
      return answered(leg.unary('GetExtendedAgentCard', { via, request, options }), (answer) =>
        cardIn(answer, limits),
      )
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([http[Symbol.asyncDispose](), legs[Symbol.asyncDispose]()])
    },
  }
}

/** The interface says which of the agent's tenants is called; what a client gave was meant for us. */
const tenantText = ({ tenant }: AgentInterface): string | undefined =>
  tenant === undefined || tenant === '' ? undefined : textOf(tenant)

const taskRequest = (via: AgentInterface, agentTaskId: string, metadata?: string): JsonText<object> =>
  objectText([
    ['tenant', tenantText(via)],
    ['id', textOf(agentTaskId)],
    ['metadata', metadata],
  ])

const DOES_NOT_STREAM: ReadonlySet<ErrorCode | undefined> = new Set([
  'unsupported_operation',
  'method_not_found',
])

/**
 * The events of a stream. Ends with the agent's refusal to stream, if that is how it answered: it said so before any
 * event, so nothing has happened and the message may be sent another way.
 */
async function* untilRefused(
  events: AsyncIterable<Wire<StreamResponse>>,
): AsyncGenerator<Wire<StreamResponse>, AgentFailure | undefined> {
  let begun = false
  try {
    for await (const event of events) {
      begun = true
      yield event
    }
    return undefined
  } catch (error) {
    if (!begun && error instanceof AgentFailure && DOES_NOT_STREAM.has(error.code)) return error
    throw error
  }
}

async function* checkEvents(
  events: AsyncIterable<Wire<unknown>>,
  limits: UpstreamLimits,
): AsyncGenerator<Wire<StreamResponse>, void> {
  try {
    for await (const event of events) yield withinEventLimit(checked(streamResponseCheck, event), limits)
  } catch (error) {
    throw agentFailureOf(error)
  }
}

async function answered<T>(answer: Promise<Wire<unknown>>, check: (answer: Wire<unknown>) => T): Promise<T> {
  try {
    return check(await answer)
  } catch (error) {
    throw agentFailureOf(error)
  }
}

/** The same text with its value as a `T`; `invalid` names the first violation. */
function checked<T>(
  check: Check<T>,
  { value, text }: { readonly value: unknown; readonly text: string },
): Wire<T> {
  try {
    return { value: check.parse(value), text }
  } catch (cause) {
    throw invalidAnswer(`does not follow A2A: ${ParleyError.from(cause).message}`, cause)
  }
}

/** The text of a card in 1.0, whichever of the two the agent answered with. */
function cardIn({ value, text }: Wire<unknown>, limits: UpstreamLimits): string {
  if (!isObject(value)) throw invalidAnswer('is no card')
  if (text.length > limits.maxCardBytes) throw tooLarge(limits.maxCardBytes)
  if (!isLegacyCard(value)) return text
  try {
    return decodeCard(text)
  } catch (cause) {
    throw invalidAnswer(`is no card of A2A 0.3: ${ParleyError.from(cause).message}`, cause)
  }
}

function taskNamed(agentTaskId: string, answer: Wire<unknown>): Wire<Task> {
  const task = checked(taskCheck, answer)
  if (task.value.id === agentTaskId) return task
  throw invalidAnswer('is about another task')
}

/** A whole task may be longer than an event. */
function withinEventLimit(event: Wire<StreamResponse>, limits: UpstreamLimits): Wire<StreamResponse> {
  if (event.value.task === undefined && event.text.length > limits.maxEventBytes)
    throw tooLarge(limits.maxEventBytes)
  return event
}
