import type { AuditRecord, AuditTarget } from '../access/audit/audit-record.ts'
import type { Grant } from '../access/grant.ts'
import type { Agent } from './agent.ts'

/** What the audit log says of a grant that was made or deleted: what follows the call and the action in `auditOf`. */
export function auditedGrant(
  agent: Agent,
  { id, to, right, operations }: Grant,
  now: number,
): [target: AuditTarget, now: number, more: Pick<AuditRecord, 'details' | 'subjects'>] {
  const details = {
    agentId: agent.id,
    right,
    ...(operations === undefined ? {} : { operations: operations.join(' ') }),
    ...('group' in to ? { group: to.group } : {}),
    ...('everyone' in to ? { everyone: 'true' } : {}),
  }
  return [
    { kind: 'grant', id },
    now,
    { details, ...('subject' in to ? { subjects: { to: to.subject } } : {}) },
  ]
}
