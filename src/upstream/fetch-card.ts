import { isObject } from '../a2a/json-object.ts'
import { parseJson } from '../a2a/wire.ts'
import { ParleyError } from '../errors.ts'
import type { CardSource, FetchedCard } from '../registry/card-source.ts'
import type { Guard } from './guard.ts'
import { createHttpClient, type HttpAnswer, type HttpClient } from './http.ts'
import { fetchErrorOf, HttpError } from './http-error.ts'
import { DEFAULT_UPSTREAM_LIMITS, type UpstreamLimits } from './upstream-limits.ts'

export type CardSourceDeps = {
  readonly guard: Guard
  readonly limits?: UpstreamLimits
  /** Tells publishers who asks, as `parley/1.2.3`. */
  readonly userAgent: string
}

/** Where cards are found below a base, the present place first; agents of 0.2 and early 0.3 used the other. */
const WELL_KNOWN = ['/.well-known/agent-card.json', '/.well-known/agent.json']
const MAX_REDIRECTS = 3

/** Members by which JSON is taken for a card, of whatever version, rather than for some other answer of the host. */
const CARD_MEMBERS = ['supportedInterfaces', 'skills', 'capabilities', 'protocolVersion'] as const

/** Fetches cards over HTTP, with no credentials. The card's `url` is the one asked for, redirects notwithstanding. */
export function createCardSource(deps: CardSourceDeps): CardSource & AsyncDisposable {
  const limits = deps.limits ?? DEFAULT_UPSTREAM_LIMITS
  const http = createHttpClient({
    guard: deps.guard,
    purpose: 'cards',
    connectTimeoutMs: limits.connectTimeoutMs,
  })
  return {
    async fetchCard(url, signal) {
      const tooLate = AbortSignal.timeout(limits.cardTimeoutMs)
      const look = (at: URL) =>
        lookFor({ ...deps, http, limits, signal: AbortSignal.any([signal, tooLate]) }, at)
      try {
        return await firstCard(deps.guard.check(url, 'cards'), look)
      } catch (error) {
        signal.throwIfAborted()
        if (error === tooLate.reason) {
          throw unavailable(`No card came within ${limits.cardTimeoutMs / 1000} seconds`, error)
        }
        throw fetchErrorOf(error, 'The server of the card')
      }
    },
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  }
}

/** `other` holds a JSON object that is no card, `problem` says what was there instead of one. */
type Look = { readonly card: string } | { readonly other: string } | { readonly problem: string }

async function firstCard(url: URL, look: (at: URL) => Promise<Look>): Promise<FetchedCard> {
  const problems: string[] = []
  let other: FetchedCard | undefined
  for (const at of placesOf(url)) {
    const found = await look(at)
    if ('card' in found) return { url: at.href, text: found.card }
    // The caller learns most from what is missing in the object that is nearest to the address they named.
    if ('other' in found) other ??= { url: at.href, text: found.other }
    else problems.push(`${at.href} ${found.problem}`)
  }
  if (other !== undefined) return other
  throw unavailable(`No Agent Card found: ${problems.join('; ')}`)
}

/** The URL itself, and what `https://h/agents/x` is the base of: `https://h/agents/x/.well-known/agent-card.json`. */
function placesOf(url: URL): readonly URL[] {
  const base = url.pathname.replace(/\/+$/, '')
  if (WELL_KNOWN.some((path) => base.endsWith(path))) return [url]
  const below = WELL_KNOWN.map((path) => {
    const place = new URL(url)
    place.pathname = `${base}${path}`
    place.search = ''
    place.hash = ''
    return place
  })
  return [url, ...below]
}

type LookDeps = {
  readonly guard: Guard
  readonly http: HttpClient
  readonly limits: UpstreamLimits
  readonly userAgent: string
  readonly signal: AbortSignal
}

async function lookFor(deps: LookDeps, start: URL): Promise<Look> {
  let url = start
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await get(deps, url)
    const location = answer.header('location')
    if (answer.status < 300 || answer.status >= 400 || location === undefined)
      return readCard(answer, deps.limits)
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

const get = ({ http, limits, userAgent, signal }: LookDeps, url: URL): Promise<HttpAnswer> =>
  http.call({
    method: 'GET',
    url,
    path: `${url.pathname}${url.search}`,
    headers: {
      accept: 'application/json, application/a2a+json',
      // Servers with a card for each version show the one asked for, and that of 1.0 says the most.
      'a2a-version': '1.0',
      'user-agent': userAgent,
    },
    firstByteTimeoutMs: limits.cardTimeoutMs,
    silentTimeoutMs: limits.cardTimeoutMs,
    signal,
  })

async function readCard(answer: HttpAnswer, limits: UpstreamLimits): Promise<Look> {
  if (answer.status !== 200) {
    answer.discard()
    return { problem: `answers HTTP ${answer.status}` }
  }
  if (/^text\/event-stream\b/i.test(answer.header('content-type') ?? '')) {
    answer.discard()
    return { problem: 'answers with an event stream' }
  }
  try {
    const text = await answer.text(limits.maxCardBytes)
    const value = parseJson(text)
    if (!isObject(value)) return { problem: 'answers with JSON that is no object' }
    return CARD_MEMBERS.some((name) => Object.hasOwn(value, name)) ? { card: text } : { other: text }
  } catch (error) {
    if (error instanceof ParleyError) {
      return {
        problem:
          error.code === 'parse_error' ? 'does not answer with JSON' : 'answers with JSON nested too deeply',
      }
    }
    if (error instanceof HttpError && (error.failure === 'too_large' || error.failure === 'not_text')) {
      return { problem: error.message }
    }
    throw error
  }
}

const unavailable = (message: string, cause?: unknown): ParleyError =>
  new ParleyError('agent_unavailable', message, { cause })
