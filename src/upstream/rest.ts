import { withMembers } from '../a2a/json-text.ts'
import type { Operation } from '../a2a/operation.ts'
import type { Version } from '../a2a/version.ts'
import type { Wire } from '../a2a/wire.ts'
import { AgentFailure } from '../delivery/agent-client.ts'
import { invalidAnswer, isRouteMissing, member, restRefusal } from './agent-failures.ts'
import type { AgentCall, Binding, BindingDeps } from './binding.ts'
import { basePath, callAgent } from './call-agent.ts'
import type { HttpAnswer } from './http.ts'
import { legacyRefusal } from './legacy-refusal.ts'
import { decodeJson, eventTexts, resultText } from './read-answer.ts'
import { firstByteTimeoutMs } from './upstream-limits.ts'

/** What the versions do differently. */
type Form = {
  readonly contentType: string
  /** What stands between the path of the interface's URL and an operation's. */
  readonly prefixOf: (via: AgentCall['via']) => string
  readonly cardPath: string
  /** The A2A error in a body; `status` is absent in a stream. */
  readonly refusalIn: (
    body: unknown,
    operation: Operation,
    status: number | undefined,
  ) => AgentFailure | undefined
}

const FORMS: Readonly<Record<Version, Form>> = {
  '1.0': {
    contentType: 'application/a2a+json',
    prefixOf: ({ tenant }) => (tenant === undefined || tenant === '' ? '' : `/${segment(tenant)}`),
    cardPath: '/extendedAgentCard',
    refusalIn: (body) => restRefusal(member(body, 'error')),
  },
  '0.3': {
    contentType: 'application/json',
    // Publishers give the URL with the version's prefix or without it.
    prefixOf(via) {
      const url = URL.parse(via.url)
      return url !== null && basePath(url).endsWith('/v1') ? '' : '/v1'
    },
    cardPath: '/card',
    refusalIn: legacyRefusal,
  },
}

/** JSON over HTTP (A2A 1.0 §11; 0.3 §3.2.3). */
export function createRest(deps: BindingDeps, version: Version): Binding {
  const { limits } = deps
  const form = FORMS[version]
  const accepted = version === '1.0' ? `${form.contentType}, application/json` : form.contentType

  const request = (
    operation: Operation,
    call: AgentCall,
    accept: string,
    { method, path, body } = routeOf(operation, call, form),
  ): Promise<HttpAnswer> =>
    callAgent(deps, {
      version,
      method,
      via: call.via,
      options: call.options,
      authorisation: call.authorisation,
      path: `${form.prefixOf(call.via)}${path}`,
      accept,
      contentType: form.contentType,
      firstByteTimeoutMs: firstByteTimeoutMs(limits, operation),
      refusalIn: (refused, status) => form.refusalIn(refused, operation, status),
      ...(body === undefined ? {} : { body }),
    })

  async function openStream(operation: Operation, call: AgentCall): Promise<HttpAnswer> {
    const accept = `text/event-stream, ${accepted}`
    const route = routeOf(operation, call, form)
    try {
      return await request(operation, call, accept, route)
    } catch (error) {
      if (!isRouteMissing(error)) throw error
      if (operation !== 'SubscribeToTask') throw noSuchMethod(error, 'The agent does not stream')
      // The specifications' text says POST and their protocol definitions say GET, so agents serve either.
      return request(operation, call, accept, { method: 'GET', path: route.path })
    }
  }

  const eventOf = (operation: Operation, text: string): Wire<unknown> => {
    const event = decodeJson(text)
    if (!isError(event.value)) return event
    throw (
      form.refusalIn(event.value, operation, undefined) ?? invalidAnswer('is an error that A2A does not name')
    )
  }

  return {
    async unary(operation, call) {
      const answer = await request(operation, call, accepted).catch((error: unknown) => {
        const isMissing = operation === 'GetExtendedAgentCard' && isRouteMissing(error)
        throw isMissing ? noSuchMethod(error, 'The agent shows no other card') : error
      })
      return decodeJson(await resultText(answer, limits))
    },
    async *stream(operation, call) {
      const answer = await openStream(operation, call)
      for await (const text of eventTexts(answer, operation, limits)) yield eventOf(operation, text)
    },
  }
}

type Route = {
  readonly method: 'GET' | 'POST'
  /** Below the interface's URL and its prefix. */
  readonly path: string
  readonly body?: string
}

function routeOf(operation: Operation, call: AgentCall, form: Form): Route {
  const task = `/tasks/${segment(call.agentTaskId ?? '')}`
  switch (operation) {
    case 'SendMessage':
      return { method: 'POST', path: '/message:send', body: withMembers(call.request, { tenant: undefined }) }
    case 'SendStreamingMessage':
      return {
        method: 'POST',
        path: '/message:stream',
        body: withMembers(call.request, { tenant: undefined }),
      }
    case 'GetTask':
      return { method: 'GET', path: task }
    case 'CancelTask':
      return { method: 'POST', path: `${task}:cancel`, body: withMembers(call.request, IN_PATH) }
    case 'SubscribeToTask':
      return { method: 'POST', path: `${task}:subscribe`, body: '{}' }
    case 'GetExtendedAgentCard':
      return { method: 'GET', path: form.cardPath }
    default:
      throw new TypeError(`agents are not asked for ${operation}`)
  }
}

/** Members of a request, in either version, that the path carries. */
const IN_PATH = { tenant: undefined, id: undefined, name: undefined }

/** Text as one path segment; the agent's ids may hold anything. Dots alone would be read as "here" and "one up". */
const segment = (text: string): string => {
  const encoded = encodeURIComponent(text.toWellFormed())
  return /^\.{1,2}$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded
}

const noSuchMethod = (cause: AgentFailure, message: string): AgentFailure =>
  new AgentFailure('refused', message, { code: 'method_not_found', cause })

/** The binding names no form for an error within a stream; agents send the one they send as an answer. */
const isError = (event: unknown): boolean =>
  member(event, 'error') !== undefined || typeof member(event, 'message') === 'string'
