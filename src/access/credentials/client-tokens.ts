import { isObject } from '../../a2a/json-object.ts'
import { parseJson } from '../../a2a/wire.ts'
import { ParleyError } from '../../errors.ts'
import { createRecent } from '../recent.ts'
import type { ClientSecret } from './credential.ts'
import type { TokenAnswer, TokenSource } from './token-source.ts'

/** Access tokens that the gateway gets for itself, kept while they are good. */
export interface ClientTokens {
  /**
   * The token for one credential. `id` is of that credential and never of another. Callers at the same time share one
   * request. Rejects with `agent_unavailable`, whose cause says for the operator why there is none.
   */
  get(id: string, client: ClientSecret, tokenEndpoint: string): Promise<ClientToken>
  /** Makes the next call get another than this one. */
  forget(id: string, token: string): void
}

export type ClientToken = {
  readonly token: string
  /** It was there already, so that the server might give another now. */
  readonly isKept: boolean
}

/** `until`: from then on it is not used any more, in milliseconds since the Unix epoch. */
type KeptToken = { readonly token: string; readonly until: number }

export type ClientTokensDeps = {
  readonly source: TokenSource
  readonly now: () => number
  readonly stopping: AbortSignal
}

const MAX_TOKENS = 1000
/** For a token whose server does not say how long it lives. */
const DEFAULT_LIFE_MS = 300_000
/** Longer promises are not believed. */
const MAX_LIFE_MS = 24 * 3_600_000
/** A token is not used in the last part of its life, at most this long, so that it does not end on its way. */
const MARGIN_MS = 60_000
const MARGIN_PART = 0.2
/** After a failure, calls fail as that one did for so long: a server in trouble is not asked for every task. */
const HOLD_OFF_MS = 1_000
const MAX_TOKEN_CHARS = 16_384

export function createClientTokens({ source, now, stopping }: ClientTokensDeps): ClientTokens {
  const tokens = createRecent<KeptToken>({ maxSize: MAX_TOKENS, maxAgeMs: MAX_LIFE_MS, now })
  const failures = createRecent<unknown>({ maxSize: MAX_TOKENS, maxAgeMs: HOLD_OFF_MS, now })
  const asking = new Map<string, Promise<KeptToken>>()

  const ask = async (id: string, client: ClientSecret, tokenEndpoint: string): Promise<KeptToken> => {
    try {
      const answer = await source.requestToken(tokenEndpoint, client, stopping)
      const token = tokenIn(answer, now())
      tokens.set(id, token)
      return token
    } catch (cause) {
      const failure = new ParleyError(
        'agent_unavailable',
        'Parley cannot get the access token that the agent demands',
        { cause },
      )
      failures.set(id, failure)
      throw failure
    } finally {
      asking.delete(id)
    }
  }

  return {
    async get(id, client, tokenEndpoint) {
      const kept = tokens.get(id)
      if (kept !== undefined && now() < kept.until) return { token: kept.token, isKept: true }
      const failure = failures.get(id)
      if (failure !== undefined) throw failure
      const answer = asking.get(id) ?? ask(id, client, tokenEndpoint)
      asking.set(id, answer)
      return { token: (await answer).token, isKept: false }
    },
    forget(id, token) {
      if (tokens.get(id)?.token === token) tokens.delete(id)
    },
  }
}

/** The token in an answer (RFC 6749 §5.1). Of a refusal only its code is told, which is from a list (§5.2). */
function tokenIn({ status, text }: TokenAnswer, now: number): KeptToken {
  const body = readBody(text)
  if (status !== 200) {
    const code = typeof body.error === 'string' && /^[a-z_]{1,64}$/.test(body.error) ? `, ${body.error}` : ''
    throw new Error(`The token endpoint answered HTTP ${status}${code}`)
  }
  const { access_token: token, token_type: type, expires_in: life } = body
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token) || token.length > MAX_TOKEN_CHARS) {
    throw new Error('The token endpoint answered without a usable access token')
  }
  if (typeof type === 'string' && type.toLowerCase() !== 'bearer') {
    throw new Error('The token endpoint gave a token that is no bearer token')
  }
  // Some servers write the number as a text.
  const seconds = Number(life)
  const lifeMs = seconds > 0 ? Math.min(seconds * 1000, MAX_LIFE_MS) : DEFAULT_LIFE_MS
  return { token, until: now + lifeMs - Math.min(MARGIN_MS, lifeMs * MARGIN_PART) }
}

function readBody(text: string): Readonly<Record<string, unknown>> {
  try {
    const body = parseJson(text)
    return isObject(body) ? body : {}
  } catch {
    return {}
  }
}
