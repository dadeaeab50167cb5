import type { Access } from '../access/access.ts'
import { missingScope } from '../access/assert-scope.ts'
import { ANONYMOUS, hasScope, isAnonymous, type Principal, type Scope } from '../access/principal.ts'
import { isTokenShaped } from '../access/tokens/read-token.ts'
import { ParleyError } from '../errors.ts'
import type { HeaderSource } from './exchange.ts'

/** No credential, or none that we know. One message for both, so that neither tells anything. */
export const unauthenticated = (): ParleyError =>
  new ParleyError(
    'unauthenticated',
    'A valid credential is needed: send "Authorization: Bearer <key or token>" or "X-API-Key: <key>"',
  )

/** Who calls. A credential that is given and unknown is refused, also where anonymous callers are served. */
export async function authenticate(
  access: Access,
  request: HeaderSource,
  options: { readonly anonymous: boolean; readonly requestId: string },
): Promise<Principal> {
  const authorization = request.header('authorization')
  const apiKey = request.header('x-api-key')
  if (authorization === undefined && apiKey === undefined) {
    if (options.anonymous) return ANONYMOUS
    throw unauthenticated()
  }
  const credential = authorization === undefined ? keyIn(apiKey) : bearerOf(authorization)
  const principal = credential ? await access.authenticate(credential, options.requestId) : undefined
  if (principal === undefined) throw unauthenticated()
  return principal
}

/** Throws `forbidden` naming the scope; an anonymous caller is asked for a credential instead. */
export function requireScope(principal: Principal, scope: Scope): void {
  if (hasScope(principal, scope)) return
  if (isAnonymous(principal)) throw unauthenticated()
  throw missingScope(scope)
}

/** Throws `forbidden` for a credential that is limited to agents. */
export function requireUnlimited({ agents }: Principal): void {
  if (agents === undefined) return
  throw new ParleyError('forbidden', 'Your credential is limited to certain agents, and this is about more')
}

/** Tokens come as `Bearer` credentials and in no other way. */
const keyIn = (apiKey: string | undefined): string | undefined =>
  apiKey === undefined || isTokenShaped(apiKey) ? undefined : apiKey

/** The token of a `Bearer` credential (RFC 6750 §2.1); other schemes have none. */
function bearerOf(authorization: string): string | undefined {
  const scheme = authorization.slice(0, 7)
  return scheme.toLowerCase() === 'bearer ' ? authorization.slice(7).trim() : undefined
}
