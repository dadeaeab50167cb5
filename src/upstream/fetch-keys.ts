import type { IdentitySource } from '../access/tokens/identity-source.ts'
import { ParleyError } from '../errors.ts'
import type { KeySource } from '../registry/signatures/key-source.ts'
import type { Guard, Purpose } from './guard.ts'
import { createHttpClient } from './http.ts'
import { fetchErrorOf } from './http-error.ts'
import { DEFAULT_UPSTREAM_LIMITS } from './upstream-limits.ts'

export type KeySourceDeps = {
  readonly guard: Guard
  /** Tells publishers who asks, as `parley/1.2.3`. */
  readonly userAgent: string
}

const MAX_DOCUMENT_BYTES = 64 * 1024
const KEY_SET = 'application/jwk-set+json, application/json'

/** Callers wait for the keys of an identity provider; one that is this slow counts as down. */
const IDENTITY_TIMEOUT_MS = 5_000

/** Fetches key sets as cards are fetched: by the same policy, without credentials. Follows no redirect. */
export function createKeySource(deps: KeySourceDeps): KeySource & AsyncDisposable {
  const documents = createDocuments(deps, 'cards', DEFAULT_UPSTREAM_LIMITS.cardTimeoutMs)
  return {
    fetchKeys: async (url, signal) => found(await documents.fetch(url, KEY_SET, signal)),
    [Symbol.asyncDispose]: documents[Symbol.asyncDispose],
  }
}

/** Fetches what identity providers publish, by a policy of its own. */
export function createIdentitySource(deps: KeySourceDeps): IdentitySource & AsyncDisposable {
  const documents = createDocuments(deps, 'identity', IDENTITY_TIMEOUT_MS)
  return {
    fetchKeys: async (url, signal) => found(await documents.fetch(url, KEY_SET, signal)),
    async fetchMetadata(url, signal) {
      const document = await documents.fetch(url, 'application/json', signal)
      return document.status === 404 ? undefined : found(document)
    },
    [Symbol.asyncDispose]: documents[Symbol.asyncDispose],
  }
}

type Document = { readonly status: number; readonly text: string }

function found({ status, text }: Document): string {
  if (status === 200) return text
  throw new ParleyError('agent_unavailable', `The server of the keys answered HTTP ${status}`)
}

function createDocuments({ guard, userAgent }: KeySourceDeps, purpose: Purpose, timeoutMs: number) {
  const { connectTimeoutMs } = DEFAULT_UPSTREAM_LIMITS
  const http = createHttpClient({ guard, purpose, connectTimeoutMs })
  return {
    async fetch(text: string, accept: string, signal: AbortSignal): Promise<Document> {
      const url = guard.check(text, purpose)
      const asking = http.call({
        method: 'GET',
        url,
        path: `${url.pathname}${url.search}`,
        headers: { accept, 'user-agent': userAgent },
        firstByteTimeoutMs: timeoutMs,
        silentTimeoutMs: timeoutMs,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
      const answer = await asking.catch((error: unknown) => {
        throw fetchErrorOf(error, 'The server of the keys')
      })
      const { status } = answer
      if (status === 200) return { status, text: await answer.text(MAX_DOCUMENT_BYTES) }
      answer.discard()
      return { status, text: '' }
    },
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  }
}
