import type { Call, Principal } from '../../access/principal.ts'
import type { EdgeRequest } from './exchange.ts'

/** The call a request makes. Its signal is made when it is first asked for: most calls end without a wait. */
export function callOf(
  request: EdgeRequest,
  principal: Principal,
  requestId: string,
  traceparent: string | undefined,
): Call {
  const call = {
    principal,
    requestId,
    get signal() {
      return request.signal
    },
  }
  return traceparent === undefined ? call : Object.assign(call, { traceparent })
}
