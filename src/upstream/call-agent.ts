import type { AgentInterface } from '../a2a/agent-card.ts'
import type { Version } from '../a2a/version.ts'
import { parseJson } from '../a2a/wire.ts'
import type { AgentCallOptions, AgentFailure } from '../delivery/agent-client.ts'
import { ParleyError } from '../errors.ts'
import { forbidden, statusFailure } from './agent-failures.ts'
import type { Authorisation } from './authorise-call.ts'
import type { BindingDeps } from './binding.ts'
import type { Guard } from './guard.ts'
import type { HttpAnswer } from './http.ts'
import { retryAfterMs } from './retry-after.ts'
import { activatedIn, serviceParameters } from './service-parameters.ts'

/** One call of an operation over HTTP. */
type AgentRequest = {
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
  readonly authorisation: Authorisation
  /** The A2A error in the body of an answer that is not 2xx, if it holds one. */
  readonly refusalIn: (body: unknown, status: number) => AgentFailure | undefined
}

/** One request over HTTP to an agent; resolves with a 2xx answer, whose body is still unread. */
export async function callAgent(deps: BindingDeps, request: AgentRequest): Promise<HttpAnswer> {
  const { options, via } = request
  const { query, certificate } = request.authorisation
  const url = checkUrl(deps.guard, via.url)
  const answer = await deps.http.call({
    method: request.method,
    url,
    path: `${request.path === '' ? url.pathname : `${basePath(url)}${request.path}`}${searchOf(url, query)}`,
    headers: headersOf(request, deps.userAgent),
    firstByteTimeoutMs: request.firstByteTimeoutMs,
    silentTimeoutMs: deps.limits.silentTimeoutMs,
    signal: options.signal,
    ...(certificate === undefined ? {} : { certificate }),
    ...(request.body === undefined ? {} : { body: request.body }),
  })
  if (answer.status < 200 || answer.status >= 300) throw await failureOf(deps, request, answer)
  const activated = activatedIn(answer.headers, options)
  if (activated.length > 0) options.onActivated?.(activated)
  return answer
}

/** The URL's own query, as it is written, and after it what we add. */
function searchOf({ search }: URL, added: Authorisation['query']): string {
  if (added.length === 0) return search
  const pairs = added.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
  return `${search === '' ? '?' : `${search}&`}${pairs.join('&')}`
}

/** A URL's path without slashes at its end. */
export const basePath = (url: URL): string => url.pathname.replace(/\/+$/, '')

function checkUrl(guard: Guard, url: string): URL {
  try {
    return guard.check(url, 'agents')
  } catch (error) {
    throw error instanceof ParleyError ? forbidden(error) : error
  }
}

const headersOf = (request: AgentRequest, userAgent: string): Readonly<Record<string, string>> => ({
  accept: request.accept,
  'user-agent': userAgent,
  ...(request.body === undefined ? {} : { 'content-type': request.contentType }),
  ...serviceParameters(request.version, request.options),
  ...request.authorisation.headers,
})

/** These statuses speak for themselves, whatever body a proxy on the way gives them. */
const SPEAKS_FOR_ITSELF: ReadonlySet<number> = new Set([401, 403, 429, 503])

async function failureOf(
  deps: BindingDeps,
  request: AgentRequest,
  answer: HttpAnswer,
): Promise<AgentFailure> {
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
