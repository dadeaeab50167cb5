import type { AgentInterface } from '../a2a/agent-card.ts'
import type { JsonText } from '../a2a/json-text.ts'
import type { StreamOperation, UnaryOperation } from '../a2a/operation.ts'
import type { Version } from '../a2a/version.ts'
import { parseJson, type Wire } from '../a2a/wire.ts'
import type { AgentCallOptions, AgentFailure } from '../delivery/agent-client.ts'
import { ParleyError } from '../errors.ts'
import { forbidden, invalidAnswer, statusFailure } from './agent-failures.ts'
import type { Guard } from './guard.ts'
import type { HttpAnswer, HttpClient } from './http.ts'
import { retryAfterMs } from './retry-after.ts'
import { activatedIn, serviceParameters } from './service-parameters.ts'
import type { UpstreamLimits } from './upstream-limits.ts'

/** One call of one operation of an agent. */
export type AgentCall = {
  readonly via: AgentInterface
  /** The request as the version of the binding writes it. */
  readonly request: JsonText<object>
  /** Of operations on a task: the agent's id of it. */
  readonly agentTaskId?: string
  readonly options: AgentCallOptions
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

/** How long an answer may let us wait for its beginning: a blocking send answers when the task settles. */
export const firstByteTimeoutMs = (
  limits: UpstreamLimits,
  operation: UnaryOperation | StreamOperation,
): number => (operation === 'SendMessage' ? limits.silentTimeoutMs : limits.firstByteTimeoutMs)

export type HttpRequest = {
  readonly method: 'GET' | 'POST'
  readonly version: Version
  readonly via: AgentInterface
  /** What follows the path of the interface's URL, which has lost the slashes at its end; empty for the URL itself. */
  readonly path: string
  readonly accept: string
  readonly contentType: string
  readonly body?: string
  readonly firstByteTimeoutMs: number
  readonly options: AgentCallOptions
  /** The A2A error in the body of an answer that is not 2xx, if it holds one. */
  readonly refusalIn: (body: unknown, status: number) => AgentFailure | undefined
}

/** One request to an agent; resolves with a 2xx answer, whose body is still unread. */
export async function callAgent(deps: BindingDeps, request: HttpRequest): Promise<HttpAnswer> {
  const { options, via } = request
  const url = checkUrl(deps.guard, via.url)
  const answer = await deps.http.call({
    method: request.method,
    url,
    path: `${request.path === '' ? url.pathname : `${basePath(url)}${request.path}`}${url.search}`,
    headers: headersOf(request, deps.userAgent),
    firstByteTimeoutMs: request.firstByteTimeoutMs,
    silentTimeoutMs: deps.limits.silentTimeoutMs,
    signal: options.signal,
    ...(request.body === undefined ? {} : { body: request.body }),
  })
  if (answer.status < 200 || answer.status >= 300) throw await failureOf(deps, request, answer)
  const activated = activatedIn(answer.headers, options)
  if (activated.length > 0) options.onActivated?.(activated)
  return answer
}

/** A URL's path without slashes at its end. */
export const basePath = (url: URL): string => url.pathname.replace(/\/+$/, '')

export const isEventStream = (answer: HttpAnswer): boolean =>
  /^text\/event-stream\b/i.test(answer.header('content-type') ?? '')

/** The answer as JSON, its text without surrounding space. */
export function decodeJson(text: string): Wire<unknown> {
  try {
    return { value: parseJson(text), text: text.trim() }
  } catch (cause) {
    const problem =
      cause instanceof ParleyError && cause.code === 'invalid_params' ? 'nests too deeply' : 'is not JSON'
    throw invalidAnswer(problem, cause)
  }
}

/** The one result of an answer. */
export async function unaryText(answer: HttpAnswer, limits: UpstreamLimits): Promise<string> {
  if (!isEventStream(answer)) return answer.text(limits.maxTaskBytes)
  answer.discard()
  throw invalidAnswer('is a stream where one result was asked for')
}

function checkUrl(guard: Guard, url: string): URL {
  try {
    return guard.check(url, 'agents')
  } catch (error) {
    throw error instanceof ParleyError ? forbidden(error) : error
  }
}

const headersOf = (request: HttpRequest, userAgent: string): Readonly<Record<string, string>> => ({
  accept: request.accept,
  'user-agent': userAgent,
  ...(request.body === undefined ? {} : { 'content-type': request.contentType }),
  ...serviceParameters(request.version, request.options),
})

/** These statuses speak for themselves, whatever body a proxy on the way gives them. */
const SPEAKS_FOR_ITSELF: ReadonlySet<number> = new Set([401, 403, 429, 503])

async function failureOf(deps: BindingDeps, request: HttpRequest, answer: HttpAnswer): Promise<AgentFailure> {
  const { status } = answer
  const byStatus = statusFailure(status, retryAfterMs(answer.header('retry-after'), deps.now()))
  if (status < 400 || SPEAKS_FOR_ITSELF.has(status)) {
    answer.discard()
    return byStatus
  }
  try {
    const body = parseJson(await answer.text(deps.limits.maxEventBytes))
    return request.refusalIn(body, status) ?? byStatus
  } catch {
    // A body that cannot be read adds nothing to its status.
    request.options.signal.throwIfAborted()
    return byStatus
  }
}
