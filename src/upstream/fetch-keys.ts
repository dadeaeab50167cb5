import { ParleyError } from '../errors.ts'
import type { KeySource } from '../registry/signatures/key-source.ts'
import type { Guard } from './guard.ts'
import { createHttpClient } from './http.ts'
import { fetchErrorOf } from './http-error.ts'
import { DEFAULT_UPSTREAM_LIMITS } from './upstream-limits.ts'

export type KeySourceDeps = {
  readonly guard: Guard
  /** Tells publishers who asks, as `parley/1.2.3`. */
  readonly userAgent: string
}

const MAX_KEY_SET_BYTES = 64 * 1024

/** Fetches key sets as cards are fetched: by the same policy, without credentials. Follows no redirect. */
export function createKeySource({ guard, userAgent }: KeySourceDeps): KeySource & AsyncDisposable {
  const { connectTimeoutMs, cardTimeoutMs } = DEFAULT_UPSTREAM_LIMITS
  const http = createHttpClient({ guard, purpose: 'cards', connectTimeoutMs })
  return {
    async fetchKeys(text, signal) {
      const url = guard.check(text, 'cards')
      const asking = http.call({
        method: 'GET',
        url,
        path: `${url.pathname}${url.search}`,
        headers: { accept: 'application/jwk-set+json, application/json', 'user-agent': userAgent },
        firstByteTimeoutMs: cardTimeoutMs,
        silentTimeoutMs: cardTimeoutMs,
        signal: AbortSignal.any([signal, AbortSignal.timeout(cardTimeoutMs)]),
      })
      const answer = await asking.catch((error: unknown) => {
        throw fetchErrorOf(error, 'The server of the keys')
      })
      if (answer.status === 200) return answer.text(MAX_KEY_SET_BYTES)
      answer.discard()
      throw new ParleyError('agent_unavailable', `The server of the keys answered HTTP ${answer.status}`)
    },
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  }
}
