import { missingScope } from '../access/assert-scope.ts'
import { ANONYMOUS, hasScope, isAnonymous, type Principal, type Scope } from '../access/principal.ts'
import { isTokenShaped } from '../access/tokens/read-token.ts'
import { ParleyError } from '../errors.ts'
import type { EdgeDeps } from './app-deps.ts'
import type { CallerRequest } from './callers.ts'

/** No credential, or none that we know. One message for both, so that neither tells anything. */
export const unauthenticated = (): ParleyError =>
  new ParleyError(
    'unauthenticated',
    'A valid credential is needed: send "Authorization: Bearer <key or token>" or "X-API-Key: <key>"',
  )

/**
 * Who calls. A credential that is given and unknown is refused, also where anonymous callers are served. A client certificate
 * counts where nothing else is given.
 */
export async function authenticate(
  deps: EdgeDeps,
  request: CallerRequest,
  options: { readonly anonymous: boolean; readonly requestId: string },
): Promise<Principal> {
  const authorization = request.header('authorization')
  const apiKey = request.header('x-api-key')
  if (authorization === undefined && apiKey === undefined) {
    const holder = holderOfCertificate(deps, request)
    if (holder !== undefined) return holder
    if (options.anonymous) return ANONYMOUS
    throw unauthenticated()
  }
  const credential = authorization === undefined ? keyIn(apiKey) : bearerOf(authorization)
  const principal = credential ? await deps.access.authenticate(credential, options.requestId) : undefined
  if (principal === undefined) throw unauthenticated()
  return principal
}

/**
 * The certificate of a proxy says nothing of who calls through it. A browser sends its user's along for whichever page asks,
 * so it counts for none of another origin but those that may read our answers.
 */
function holderOfCertificate(deps: EdgeDeps, request: CallerRequest): Principal | undefined {
  const certificate = request.peer?.certificate
  if (certificate === undefined || deps.callers.isProxied(request)) return undefined
  const origin = request.header('origin')
  if (origin !== undefined && !deps.settings.corsOrigins.includes(origin)) return undefined
  return deps.access.authenticateCertificate(certificate)
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
