import type { StreamResponse, Task } from '../a2a/task.ts'
import { sendMessageResponseCheck, streamResponseCheck, taskCheck } from '../a2a/task.ts'
import type { Check, Wire } from '../a2a/wire.ts'
import { type AgentClient, AgentFailure, type AgentTarget } from '../delivery/agent-client.ts'
import { type ErrorCode, ParleyError } from '../errors.ts'
import { agentFailureOf, invalidAnswer } from './agent-failures.ts'
import type { Binding, BindingDeps } from './binding.ts'
import type { Guard } from './guard.ts'
import { createHttpClient, tooLarge } from './http.ts'
import { createJsonRpc } from './jsonrpc.ts'
import { createRest } from './rest.ts'
import { DEFAULT_UPSTREAM_LIMITS, type UpstreamLimits } from './upstream-limits.ts'

export type AgentClientDeps = {
  readonly guard: Guard
  readonly limits?: UpstreamLimits
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly newId: () => string
  /** Tells agents who calls, as `parley/1.2.3`. */
  readonly userAgent: string
}

/**
 * Calls agents over HTTP in A2A 1.0, JSON-RPC or REST. Abort the signal to leave a quiet stream: an iteration that waits
 * for the agent cannot hear `return()`. Sends no credential and no cookie, and follows no redirect.
 */
export function createAgentClient(deps: AgentClientDeps): AgentClient {
  const limits = deps.limits ?? DEFAULT_UPSTREAM_LIMITS
  const http = createHttpClient({
    guard: deps.guard,
    purpose: 'agents',
    connectTimeoutMs: limits.connectTimeoutMs,
  })
  const bindingDeps: BindingDeps = { ...deps, http, limits }
  const bindings: ReadonlyMap<string, Binding> = new Map([
    ['JSONRPC', createJsonRpc(bindingDeps)],
    ['HTTP+JSON', createRest(bindingDeps)],
  ])
  const bindingOf = (target: AgentTarget): Binding => chooseBinding(bindings, target)

  return {
    async *send(target, request, options) {
      const binding = bindingOf(target)
      if (target.streaming) {
        const refusal = yield* untilRefused(checkEvents(binding.stream(target.via, request, options), limits))
        if (refusal === undefined) return
      }
      yield await answered(binding.send(target.via, request, options), (answer) =>
        withinEventLimit(checked(sendMessageResponseCheck, answer), limits),
      )
    },
    async *subscribe(target, agentTaskId, options) {
      yield* checkEvents(bindingOf(target).subscribe(target.via, agentTaskId, options), limits)
    },
    async getTask(target, agentTaskId, options) {
      return answered(bindingOf(target).getTask(target.via, agentTaskId, options), (answer) =>
        taskNamed(agentTaskId, answer),
      )
    },
    async cancelTask(target, agentTaskId, metadata, options) {
      return answered(bindingOf(target).cancelTask(target.via, agentTaskId, metadata, options), (answer) =>
        taskNamed(agentTaskId, answer),
      )
    },
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  }
}

function chooseBinding(bindings: ReadonlyMap<string, Binding>, { via }: AgentTarget): Binding {
  if (!/^1\.\d+(\.\d+)?$/.test(via.protocolVersion)) {
    throw new AgentFailure(
      'not_accepted',
      `A2A ${via.protocolVersion}, which the agent speaks, is not yet supported`,
    )
  }
  const binding = bindings.get(via.protocolBinding)
  if (binding !== undefined) return binding
  throw new AgentFailure(
    'not_accepted',
    `The binding ${via.protocolBinding}, which the agent speaks, is not yet supported`,
  )
}

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
