import type { CardValidators } from '../registry/card-source.ts'
import type { Guard } from './guard.ts'
import type { HttpAnswer, HttpClient } from './http.ts'
import { HttpError } from './http-error.ts'
import type { UpstreamLimits } from './upstream-limits.ts'

export type GetCardDeps = {
  readonly guard: Guard
  readonly http: HttpClient
  readonly limits: UpstreamLimits
  /** Tells publishers who asks, as `parley/1.2.3`. */
  readonly userAgent: string
  readonly signal: AbortSignal
}

export type Found = {
  readonly text: string
  /** Of the server that answered, after redirects. */
  readonly origin: string
  readonly validators?: CardValidators
}
/** Why there is no text; `problem` completes "the server …". */
export type Problem = { readonly problem: string; readonly cause?: HttpError }

const MAX_REDIRECTS = 3
const NOT_MODIFIED = 304

/**
 * Asks for the text at a URL that the guard has checked, along redirects, each of which the guard checks as well.
 * `unchanged` when it is still what `known` came with.
 */
export function getCard(deps: GetCardDeps, start: URL): Promise<Found | Problem>
export function getCard(
  deps: GetCardDeps,
  start: URL,
  known: CardValidators | undefined,
): Promise<Found | Problem | 'unchanged'>
export async function getCard(
  deps: GetCardDeps,
  start: URL,
  known?: CardValidators,
): Promise<Found | Problem | 'unchanged'> {
  let url = start
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const asked = known?.from === url.href ? known : undefined
    const answer = await get(deps, url, asked)
    if (answer.status === NOT_MODIFIED && asked !== undefined) {
      answer.discard()
      return 'unchanged'
    }
    const location = answer.header('location')
    if (answer.status < 300 || answer.status >= 400 || location === undefined)
      return read(answer, url, deps.limits)
    answer.discard()
    const next = URL.parse(location, url.href)
    if (next === null) return { problem: 'redirects to what is no URL' }
    if (url.protocol === 'https:' && next.protocol === 'http:') {
      return { problem: 'redirects from https to plain http' }
    }
    url = deps.guard.check(next.href, 'cards')
  }
  return { problem: `redirects more than ${MAX_REDIRECTS} times` }
}

const get = (
  { http, limits, userAgent, signal }: GetCardDeps,
  url: URL,
  known: CardValidators | undefined,
): Promise<HttpAnswer> =>
  http.call({
    method: 'GET',
    url,
    path: `${url.pathname}${url.search}`,
    headers: {
      accept: 'application/json, application/a2a+json',
      // Servers with a card for each version show the one asked for, and that of 1.0 says the most.
      'a2a-version': '1.0',
      'user-agent': userAgent,
      ...(known?.etag !== undefined && { 'if-none-match': known.etag }),
      ...(known?.lastModified !== undefined && { 'if-modified-since': known.lastModified }),
    },
    firstByteTimeoutMs: limits.cardTimeoutMs,
    silentTimeoutMs: limits.cardTimeoutMs,
    signal,
  })

async function read(answer: HttpAnswer, url: URL, limits: UpstreamLimits): Promise<Found | Problem> {
  const { status } = answer
  if (status !== 200) {
    answer.discard()
    const problem = `answers HTTP ${status}`
    return { problem, cause: new HttpError('status', problem, { status }) }
  }
  if (/^text\/event-stream\b/i.test(answer.header('content-type') ?? '')) {
    answer.discard()
    return { problem: 'answers with an event stream' }
  }
  try {
    const text = await answer.text(limits.maxCardBytes)
    const validators = validatorsOf(answer, url)
    return { text, origin: url.origin, ...(validators && { validators }) }
  } catch (error) {
    if (error instanceof HttpError && (error.failure === 'too_large' || error.failure === 'not_text')) {
      return { problem: error.message, cause: error }
    }
    throw error
  }
}

/** An entity tag as RFC 9110 §8.8.3 has it, of what is sent back unharmed. */
const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e]{0,512}"$/
const HTTP_DATE = /^[A-Za-z0-9:, -]{1,64}$/

function validatorsOf({ header }: HttpAnswer, { href }: URL): CardValidators | undefined {
  const [etag = '', lastModified = ''] = [header('etag'), header('last-modified')]
  const [hasTag, hasDate] = [ENTITY_TAG.test(etag), HTTP_DATE.test(lastModified)]
  if (!hasTag && !hasDate) return undefined
  return { from: href, ...(hasTag && { etag }), ...(hasDate && { lastModified }) }
}
