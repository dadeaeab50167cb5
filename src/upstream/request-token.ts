import type { ClientSecret } from '../access/credentials/credential.ts'
import type { TokenSource } from '../access/credentials/token-source.ts'
import { ParleyError } from '../errors.ts'
import type { Guard } from './guard.ts'
import { createHttpClient, type HttpCall } from './http.ts'
import { fetchErrorOf } from './http-error.ts'
import { DEFAULT_UPSTREAM_LIMITS } from './upstream-limits.ts'

export type TokenSourceDeps = {
  readonly guard: Guard
  /** Tells servers who asks, as `parley/1.2.3`. */
  readonly userAgent: string
}

/** A task waits for this. */
const TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 256 * 1024

/** Asks authorization servers over HTTP for metadata and, with a client's own credentials, for tokens. */
export function createTokenSource({ guard, userAgent }: TokenSourceDeps): TokenSource & AsyncDisposable {
  const { connectTimeoutMs } = DEFAULT_UPSTREAM_LIMITS
  const http = createHttpClient({ guard, purpose: 'identity', connectTimeoutMs })

  const ask = async (
    text: string,
    signal: AbortSignal,
    { headers = {}, ...request }: Pick<HttpCall, 'method' | 'body'> & Partial<Pick<HttpCall, 'headers'>>,
  ) => {
    const url = guard.check(text, 'identity')
    try {
      const answer = await http.call({
        ...request,
        url,
        path: `${url.pathname}${url.search}`,
        headers: { accept: 'application/json', 'user-agent': userAgent, ...headers },
        firstByteTimeoutMs: TIMEOUT_MS,
        silentTimeoutMs: TIMEOUT_MS,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      })
      return { status: answer.status, text: await answer.text(MAX_ANSWER_BYTES) }
    } catch (error) {
      throw fetchErrorOf(error, 'The authorization server')
    }
  }

  return {
    check: (url) => void guard.check(url, 'identity'),
    async fetchMetadata(url, signal) {
      const { status, text } = await ask(url, signal, { method: 'GET' })
      if (status === 200) return text
      throw new ParleyError('agent_unavailable', `The authorization server answered HTTP ${status}`)
    },
    requestToken: (tokenEndpoint, client, signal) =>
      ask(tokenEndpoint, signal, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...(client.authentication === 'basic' ? { authorization: basicOf(client) } : {}),
        },
        body: formOf(client),
      }),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  }
}

/** RFC 6749 §4.4.2. */
function formOf(client: ClientSecret): string {
  const { clientId, clientSecret, authentication, scopes, resource, audience } = client
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  if (scopes.length > 0) form.set('scope', scopes.join(' '))
  if (resource !== undefined) form.set('resource', resource)
  if (audience !== undefined) form.set('audience', audience)
  if (authentication === 'post') {
    form.set('client_id', clientId)
    form.set('client_secret', clientSecret)
  }
  return form.toString()
}

/** Both are form-encoded before they are joined (RFC 6749 §2.3.1). */
const basicOf = ({ clientId, clientSecret }: ClientSecret): string =>
  `Basic ${Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`).toString('base64')}`

const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1)
