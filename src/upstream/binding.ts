import type { AgentInterface } from '../a2a/agent-card.ts'
import type { JsonText } from '../a2a/json-text.ts'
import type { SendMessageRequest } from '../a2a/requests.ts'
import { parseJson, type Wire } from '../a2a/wire.ts'
import type { AgentCallOptions, AgentFailure } from '../delivery/agent-client.ts'
import { ParleyError } from '../errors.ts'
import { forbidden, invalidAnswer, statusFailure } from './agent-failures.ts'
import type { Guard } from './guard.ts'
import type { HttpAnswer, HttpClient } from './http.ts'
import type { UpstreamLimits } from './upstream-limits.ts'

/**
 * The operations of A2A 1.0 in one binding. What comes back is JSON but not yet checked against A2A; its text is the
 * agent's own. Fails with `AgentFailure`, `HttpError` or the signal's reason.
 */
export type Binding = {
  readonly stream: (
    via: AgentInterface,
    request: JsonText<SendMessageRequest>,
    options: AgentCallOptions,
  ) => AsyncGenerator<Wire<unknown>, void>
  readonly send: (
    via: AgentInterface,
    request: JsonText<SendMessageRequest>,
    options: AgentCallOptions,
  ) => Promise<Wire<unknown>>
  readonly subscribe: (
    via: AgentInterface,
    agentTaskId: string,
    options: AgentCallOptions,
  ) => AsyncGenerator<Wire<unknown>, void>
  readonly getTask: (
    via: AgentInterface,
    agentTaskId: string,
    options: AgentCallOptions,
  ) => Promise<Wire<unknown>>
  readonly cancelTask: (
    via: AgentInterface,
    agentTaskId: string,
    metadata: JsonText<object> | undefined,
    options: AgentCallOptions,
  ) => Promise<Wire<unknown>>
}

export type BindingDeps = {
  readonly guard: Guard
  readonly http: HttpClient
  readonly limits: UpstreamLimits
  readonly newId: () => string
  readonly now: () => number
  readonly userAgent: string
}

export type AgentRequest = {
  readonly method: 'GET' | 'POST'
  readonly via: AgentInterface
  /** What follows the path of the interface's URL. */
  readonly path: string
  readonly accept: string
  readonly contentType: string
  readonly body?: string
  readonly firstByteTimeoutMs: number
  readonly options: AgentCallOptions
  /** The A2A error in the body of an answer that is not 2xx, if it holds one. */
  readonly refusalIn: (body: unknown) => AgentFailure | undefined
}

/** One request to an agent; resolves with a 2xx answer, whose body is still unread. */
export async function callAgent(deps: BindingDeps, request: AgentRequest): Promise<HttpAnswer> {
  const url = checkUrl(deps.guard, request.via.url)
  const answer = await deps.http.call({
    method: request.method,
    url,
    path: `${request.path === '' ? url.pathname : url.pathname.replace(/\/+$/, '')}${request.path}${url.search}`,
    headers: headersOf(request, deps.userAgent),
    firstByteTimeoutMs: request.firstByteTimeoutMs,
    silentTimeoutMs: deps.limits.silentTimeoutMs,
    signal: request.options.signal,
    ...(request.body === undefined ? {} : { body: request.body }),
  })
  if (answer.status >= 200 && answer.status < 300) return answer
  throw await failureOf(deps, request, answer)
}

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

export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function checkUrl(guard: Guard, url: string): URL {
  try {
    return guard.check(url, 'agents')
  } catch (error) {
    throw error instanceof ParleyError ? forbidden(error) : error
  }
}

const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/

function headersOf(request: AgentRequest, userAgent: string): Readonly<Record<string, string>> {
  const { traceparent } = request.options
  return {
    accept: request.accept,
    'a2a-version': '1.0',
    'user-agent': userAgent,
    ...(request.body === undefined ? {} : { 'content-type': request.contentType }),
    ...(traceparent !== undefined && TRACEPARENT.test(traceparent) ? { traceparent } : {}),
  }
}

/** These statuses speak for themselves, whatever body a proxy on the way gives them. */
const SPEAKS_FOR_ITSELF: ReadonlySet<number> = new Set([401, 403, 429, 503])

async function failureOf(
  deps: BindingDeps,
  request: AgentRequest,
  answer: HttpAnswer,
): Promise<AgentFailure> {
  const byStatus = statusFailure(answer.status, retryAfterMs(answer.header('retry-after'), deps.now()))
  if (answer.status < 400 || SPEAKS_FOR_ITSELF.has(answer.status)) {
    answer.discard()
    return byStatus
  }
  try {
    return request.refusalIn(parseJson(await answer.text(deps.limits.maxEventBytes))) ?? byStatus
  } catch {
    // A body that cannot be read adds nothing to its status.
    request.options.signal.throwIfAborted()
    return byStatus
  }
}

/** `Retry-After` in seconds or as a date (RFC 9110 §10.2.3). */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
