import type { ParleyError } from '../errors.ts'
import type { EdgeRequest, HeaderSource } from './exchange.ts'

const CHALLENGE = 'Bearer realm="parley"'

/** What is said of a resource, and where (RFC 9728 §3). */
export const METADATA_PATH = '/.well-known/oauth-protected-resource'

/** What a challenge is told from: the refused request, with its URL where it names an agent. */
export type Challenged = HeaderSource & Partial<Pick<EdgeRequest, 'url'>>

/**
 * How somebody who was refused is told what to bring (RFC 6750 §3, RFC 9728 §5.1); `undefined` for other failures. `base` is
 * how the world reaches the gateway. Which agents exist does not show in it.
 */
export function challengeOf(error: ParleyError, request: Challenged, base: string): string | undefined {
  const problem = problemOf(error, request)
  if (problem === undefined) return undefined
  const metadata = `resource_metadata="${base}${METADATA_PATH}${agentPath(request.url ?? '')}"`
  return [CHALLENGE, ...problem, metadata].join(', ')
}

/** The parameters that say what is wrong. A request without a credential did nothing wrong (RFC 6750 §3.1). */
function problemOf({ code, details }: ParleyError, request: HeaderSource): readonly string[] | undefined {
  if (code === 'unauthenticated') return carriesCredential(request) ? ['error="invalid_token"'] : []
  if (code !== 'forbidden' || details.scope === undefined) return undefined
  return ['error="insufficient_scope"', `scope="${details.scope}"`]
}

const carriesCredential = (request: HeaderSource): boolean =>
  Boolean(request.header('authorization') ?? request.header('x-api-key'))

/** `/a2a/{agent}` of a URL below it, when that is written in characters that need no care. */
const agentPath = (url: string): string =>
  /^(?:https?:\/\/[^/?#]*)?(\/a2a\/[\w.~%-]{1,256})(?=[/?#]|$)/.exec(url)?.[1] ?? ''
