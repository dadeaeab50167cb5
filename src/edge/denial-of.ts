import { whoOf } from '../access/audit/audit-record.ts'
import type { Denial } from '../access/audit/denials.ts'
import { refusalIn } from '../access/audit/refusal.ts'
import { isAnonymous } from '../access/principal.ts'
import type { ParleyError } from '../errors.ts'
import type { CallInProgress } from './call-in-progress.ts'

/** Stands in the log of one tenant for whoever came from another. */
const STRANGER = 'another-tenant'

/** What the audit log is told of a call that failed, if it was refused to somebody. */
export function denialOf(call: CallInProgress, error: ParleyError): Denial | undefined {
  const { principal, operation, requestId, from } = call
  const who = whoOf({ principal, requestId, ...(from === undefined ? {} : { from }) })
  const refusal = refusalIn(error)
  const isRefused = refusal !== undefined || error.code === 'forbidden' || error.code === 'unauthenticated'
  if (!isRefused) return undefined
  if (isAnonymous(principal)) return callerDenial(who, error)
  const details = { operation }
  if (refusal !== undefined) {
    const { tenant, target, reason } = refusal
    // A tenant must not learn from its log that something exists in another one, which in turn learns no names.
    const whose = tenant === principal.tenant ? who : { tenant, principal: STRANGER, requestId }
    return { ...whose, action: 'call.refuse', target, reason, details }
  }
  const { scope } = error.details
  const target = { kind: 'operation', id: operation } as const
  return {
    ...who,
    action: 'call.refuse',
    target,
    reason: scope === undefined ? 'forbidden' : 'scope',
    ...(scope !== undefined && { details: { scope } }),
  }
}

/** One for each address, whatever was called: nothing more is known of who comes without a good credential. */
const callerDenial = (
  who: Pick<Denial, 'tenant' | 'principal' | 'requestId' | 'from'>,
  error: ParleyError,
): Denial => ({
  ...who,
  action: 'caller.refuse',
  target: { kind: 'tenant', id: who.tenant },
  reason: error.code === 'forbidden' ? 'forbidden' : 'credential',
})
