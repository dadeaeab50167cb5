import type { Call, Principal } from '../access/principal.ts'
import type { CallInProgress } from './call-in-progress.ts'
import type { EdgeRequest } from './exchange.ts'

/** The call a request makes. */
export const callOf = (
  request: Pick<EdgeRequest, 'signal'>,
  principal: Principal,
  progress: CallInProgress,
): Call => new EdgeCall(request, principal, progress)

/** A class, so that its signal is asked of the request only when somebody asks the call: most calls end without a wait. */
class EdgeCall implements Call {
  readonly principal: Principal
  readonly requestId: string
  declare readonly from?: string
  declare readonly traceparent?: string
  readonly #request: Pick<EdgeRequest, 'signal'>

  constructor(
    request: Pick<EdgeRequest, 'signal'>,
    principal: Principal,
    { requestId, from, traceparent }: CallInProgress,
  ) {
    this.#request = request
    this.principal = principal
    this.requestId = requestId
    if (from !== undefined) this.from = from
    if (traceparent !== undefined) this.traceparent = traceparent
  }

  get signal(): AbortSignal {
    return this.#request.signal
  }
}
