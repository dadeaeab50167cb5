import type { AgentInterface } from '../a2a/agent-card.ts'
import { objectText, withMembers } from '../a2a/json-text.ts'
import type { Wire } from '../a2a/wire.ts'
import { type AgentCallOptions, AgentFailure } from '../delivery/agent-client.ts'
import { invalidAnswer, isRouteMissing, member, restRefusal } from './agent-failures.ts'
import { type Binding, type BindingDeps, callAgent, decodeJson, isEventStream } from './binding.ts'
import type { HttpAnswer } from './http.ts'
import { type EventLimits, readEvents } from './sse.ts'

type RestCall = {
  readonly method: 'GET' | 'POST'
  readonly via: AgentInterface
  readonly operation: string
  readonly accept: string
  readonly body?: string
  readonly firstByteTimeoutMs: number
  readonly options: AgentCallOptions
}

const JSON_TYPE = 'application/a2a+json'
const UNARY = `${JSON_TYPE}, application/json`
const STREAM = `text/event-stream, ${UNARY}`

/** JSON over HTTP (A2A 1.0 §11). */
export function createRest(deps: BindingDeps): Binding {
  const { limits } = deps
  const request = (call: RestCall): Promise<HttpAnswer> =>
    callAgent(deps, {
      ...call,
      path: pathOf(call.via.tenant, call.operation),
      contentType: JSON_TYPE,
      refusalIn: (body) => restRefusal(member(body, 'error')),
    })

  async function unary(call: RestCall): Promise<Wire<unknown>> {
    const answer = await request(call)
    if (isEventStream(answer)) {
      answer.discard()
      throw invalidAnswer('is a stream where one result was asked for')
    }
    return decodeJson(await answer.text(limits.maxTaskBytes))
  }

  async function* stream(answer: HttpAnswer, events: EventLimits): AsyncGenerator<Wire<unknown>, void> {
    if (!isEventStream(answer)) yield eventOf(await answer.text(limits.maxTaskBytes))
    else for await (const data of readEvents(answer.chunks(), events)) yield eventOf(data)
  }

  async function openSubscription(
    via: AgentInterface,
    agentTaskId: string,
    options: AgentCallOptions,
  ): Promise<HttpAnswer> {
    const call = {
      via,
      operation: `/tasks/${segment(agentTaskId)}:subscribe`,
      accept: STREAM,
      firstByteTimeoutMs: limits.firstByteTimeoutMs,
      options,
    }
    try {
      return await request({ ...call, method: 'POST', body: '{}' })
    } catch (error) {
      // The specification's text says POST and its protocol definition says GET, so agents serve either.
      if (isRouteMissing(error)) return request({ ...call, method: 'GET' })
      throw error
    }
  }

  return {
    async *stream(via, message, options) {
      const answer = await request({
        method: 'POST',
        via,
        operation: '/message:stream',
        accept: STREAM,
        body: withMembers(message, { tenant: undefined }),
        firstByteTimeoutMs: limits.firstByteTimeoutMs,
        options,
      }).catch((error: unknown) => {
        throw isRouteMissing(error) ? noSuchMethod(error) : error
      })
      yield* stream(answer, limits)
    },
    send: (via, message, options) =>
      unary({
        method: 'POST',
        via,
        operation: '/message:send',
        accept: UNARY,
        body: withMembers(message, { tenant: undefined }),
        firstByteTimeoutMs: limits.silentTimeoutMs,
        options,
      }),
    async *subscribe(via, agentTaskId, options) {
      yield* stream(await openSubscription(via, agentTaskId, options), {
        maxEventBytes: limits.maxEventBytes,
        maxFirstEventBytes: limits.maxTaskBytes,
      })
    },
    getTask: (via, agentTaskId, options) =>
      unary({
        method: 'GET',
        via,
        operation: `/tasks/${segment(agentTaskId)}`,
        accept: UNARY,
        firstByteTimeoutMs: limits.firstByteTimeoutMs,
        options,
      }),
    cancelTask: (via, agentTaskId, metadata, options) =>
      unary({
        method: 'POST',
        via,
        operation: `/tasks/${segment(agentTaskId)}:cancel`,
        accept: UNARY,
        body: objectText([['metadata', metadata]]),
        firstByteTimeoutMs: limits.firstByteTimeoutMs,
        options,
      }),
  }
}

const pathOf = (tenant: string | undefined, operation: string): string =>
  tenant === undefined || tenant === '' ? operation : `/${segment(tenant)}${operation}`

/** Text as one path segment; the agent's ids may hold anything. Dots alone would be read as "here" and "one up". */
const segment = (text: string): string => {
  const encoded = encodeURIComponent(text.toWellFormed())
  return /^\.{1,2}$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded
}

const noSuchMethod = (failure: AgentFailure): AgentFailure =>
  new AgentFailure('refused', 'The agent does not stream', { code: 'method_not_found', cause: failure })

/** The binding names no form for an error within a stream; agents send the one they send as an answer. */
function eventOf(text: string): Wire<unknown> {
  const event = decodeJson(text)
  const error = member(event.value, 'error')
  if (error !== undefined) throw restRefusal(error) ?? invalidAnswer('is an error that A2A does not name')
  return event
}
