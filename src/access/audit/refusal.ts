import type { ParleyError } from '../../errors.ts'
import type { AuditTarget } from './audit-record.ts'

/**
 * Why somebody was refused, which they may not be told: it travels as the `cause` of the error that they get, which is the
 * same for what is missing. The edge that answers the call notes it in the audit log.
 */
export class RefusalError extends Error {
  override readonly name = 'RefusalError'
  /** Whose the target is; perhaps not the caller's. */
  readonly tenant: string
  readonly target: AuditTarget
  readonly reason: 'hidden' | 'grant'

  constructor(tenant: string, target: AuditTarget, reason: RefusalError['reason']) {
    super(`${target.kind} ${target.id}: ${reason}`)
    this.tenant = tenant
    this.target = target
    this.reason = reason
  }
}

export const refusalIn = ({ cause }: ParleyError): RefusalError | undefined =>
  cause instanceof RefusalError ? cause : undefined
