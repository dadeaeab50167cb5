import type { Dialect } from '../a2a/dialect.ts'
import type { Operation } from '../a2a/operation.ts'
import type { Wire } from '../a2a/wire.ts'
import { ACTION_OF } from '../access/operation-actions.ts'
import type { Principal } from '../access/principal.ts'
import type { EdgeDeps } from './app-deps.ts'
import { authenticate, requireScope } from './authenticate.ts'
import type { CallInProgress } from './call-in-progress.ts'
import { callOf } from './call-of.ts'
import type { CallerRequest } from './callers.ts'
import type { Entitlement } from './entitlement.ts'
import type { EdgeRequest } from './exchange.ts'
import { limitHeaders } from './limit-headers.ts'
import { type OperationCall, scopeOf } from './operations.ts'
import { activatedHeader } from './service-parameters.ts'

/** What a binding knows of a call once it has read it. */
export type ReadCall = {
  readonly operation: Operation
  readonly dialect: Dialect
  readonly principal: Principal
  /** Id or slug. */
  readonly agent: string
  /** In the dialect. */
  readonly request: Wire<unknown>
  readonly exchange: Pick<EdgeRequest, 'header' | 'signal'>
  readonly progress: CallInProgress
}

export type BegunOperation = {
  readonly call: OperationCall
  /** What the call goes on by, should it last. */
  readonly entitlement: Entitlement
  /** Headers that are known once the operation has answered, or its first event is there. */
  readonly headers: () => Readonly<Record<string, string>>
}

/**
 * Who makes a call of A2A, which nobody does anonymously. Throws `unauthenticated`, `forbidden` in the clear, or
 * `too_many_requests`.
 */
export async function admitCaller(
  deps: EdgeDeps,
  request: CallerRequest,
  progress: CallInProgress,
): Promise<Principal> {
  deps.callers.requireTls(request)
  const principal = await authenticate(deps, request, { anonymous: false, requestId: progress.requestId })
  progress.principal = principal
  deps.limits.countCall?.(principal, progress)
  return principal
}

/** The phases that every binding shares before it runs an operation. Throws `forbidden` or `invalid_params`. */
export function beginOperation(deps: EdgeDeps, from: ReadCall): BegunOperation {
  const { operation, dialect, principal, agent, request, exchange, progress } = from
  requireScope(principal, scopeOf(operation))
  const { registry, limits } = deps
  const call = callOf(exchange, principal, progress)
  let activated: readonly string[] = []
  return {
    call: {
      tasks: deps.tasks,
      registry,
      call,
      agent,
      request: dialect.decodeRequest(operation, request),
      parameters: exchange,
      version: dialect.version,
      onActivated: (extensions) => {
        activated = extensions
      },
      ...(limits.countAgent !== undefined && {
        async beforeAgent() {
          const { id } = await registry.get(call, agent, ACTION_OF[operation], operation)
          limits.countAgent?.(id, progress)
        },
      }),
    },
    entitlement: { principal, requestId: progress.requestId, to: { operation, agent } },
    headers: () => ({ ...activatedHeader(dialect.version, activated), ...limitHeaders(progress.spent) }),
  }
}
