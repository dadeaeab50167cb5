import { isAnonymous } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import type { EdgeDeps } from '../app-deps.ts'
import { authenticate, unauthenticated } from '../authenticate.ts'
import { beginCall, finishCall } from '../call-in-progress.ts'
import { challengeOf } from '../challenge.ts'
import type { EdgeRequest } from '../exchange.ts'
import { failureResponseAt } from './ard-error.ts'
import { methodNotAllowed, PROBLEMS } from './problem.ts'

/** A method and the paths it is served on. */
export type Served = { readonly method: string; readonly pattern: RegExp }

/**
 * Answers what no route matched: 405 where another method would do, else 404. Below `/a2a/` that is told only to
 * those with a credential.
 */
export async function answerUnmatched(
  deps: EdgeDeps,
  served: readonly Served[],
  exchange: EdgeRequest,
  path: string,
): Promise<Response> {
  const progress = beginCall(deps, exchange, 'http', 'unmatched')
  const methods = served.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)
  const allow = (methods.includes('GET') ? [...methods, 'HEAD'] : methods).join(', ')
  const error = await refusal(deps, exchange, { path, allow, requestId: progress.requestId })
  finishCall(deps, progress, PROBLEMS[error.code].status, error)
  return failureResponseAt(path)(
    error,
    progress.requestId,
    challengeOf(error, exchange, deps.addresses().http),
  )
}

async function refusal(
  deps: EdgeDeps,
  request: EdgeRequest,
  { path, allow, requestId }: { readonly path: string; readonly allow: string; readonly requestId: string },
): Promise<ParleyError> {
  try {
    if (path.startsWith('/a2a/')) {
      deps.callers.requireTls(request)
      const principal = await authenticate(deps, request, {
        anonymous: deps.settings.anonymous,
        requestId,
      })
      if (isAnonymous(principal)) return unauthenticated()
    }
  } catch (reason) {
    return ParleyError.from(reason)
  }
  return allow === ''
    ? new ParleyError('not_found', 'There is nothing at this path')
    : methodNotAllowed(allow)
}
