import { isObject } from '../a2a/json-object.ts'
import { parseJson } from '../a2a/wire.ts'
import { ParleyError } from '../errors.ts'
import type { CardSource, FetchedCard } from '../registry/card-source.ts'
import { type Found, type GetCardDeps, getCard, type Problem } from './get-card.ts'
import type { Guard } from './guard.ts'
import { createHttpClient } from './http.ts'
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

  /** Within the time that there is for a card. */
  const inTime = async <T>(signal: AbortSignal, fetch: (get: GetCardDeps) => Promise<T>): Promise<T> => {
    const tooLate = AbortSignal.timeout(limits.cardTimeoutMs)
    try {
      return await fetch({ ...deps, http, limits, signal: AbortSignal.any([signal, tooLate]) })
    } catch (error) {
      signal.throwIfAborted()
      if (error !== tooLate.reason) throw fetchErrorOf(error, 'The server of the card')
      const message = `No card came within ${limits.cardTimeoutMs / 1000} seconds`
      throw unavailable(message, new HttpError('timed_out', 'took too long', { cause: error }))
    }
  }

  return {
    fetchCard: (url, signal) =>
      inTime(signal, (get) => firstCard(deps.guard.check(url, 'cards'), (at) => getCard(get, at))),
    refetchCard: (url, known, signal) =>
      inTime(signal, async (get) =>
        cardAgain(url, await getCard(get, deps.guard.check(url, 'cards'), known)),
      ),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  }
}

function cardAgain(url: string, got: Found | Problem | 'unchanged'): FetchedCard | 'unchanged' {
  if (got === 'unchanged') return got
  if ('problem' in got) throw unavailable(`The server of the card ${got.problem}`, got.cause)
  return { url, ...got }
}

async function firstCard(url: URL, get: (at: URL) => Promise<Found | Problem>): Promise<FetchedCard> {
  const problems: string[] = []
  let other: FetchedCard | undefined
  for (const at of placesOf(url)) {
    const found = look(await get(at))
    if ('card' in found) return { url: at.href, ...found.card }
    // The caller learns most from what is missing in the object that is nearest to the address they named.
    if ('other' in found) other ??= { url: at.href, ...found.other }
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

/** `other` holds a JSON object that is no card. */
type Look = { readonly card: Found } | { readonly other: Found } | Problem

function look(got: Found | Problem): Look {
  if ('problem' in got) return got
  try {
    const value = parseJson(got.text)
    if (!isObject(value)) return { problem: 'answers with JSON that is no object' }
    return CARD_MEMBERS.some((name) => Object.hasOwn(value, name)) ? { card: got } : { other: got }
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error
    return {
      problem:
        error.code === 'parse_error' ? 'does not answer with JSON' : 'answers with JSON nested too deeply',
    }
  }
}

const unavailable = (message: string, cause?: unknown): ParleyError =>
  new ParleyError('agent_unavailable', message, { cause })
