import { auditOf } from '../access/audit/audit-record.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import { type ChangeDeps, changeAgent } from './change-agent.ts'
import { auditedGrant } from './grant-audit.ts'

/** As `Registry.deleteGrant`. `updatedAt` stays: the card is the same. */
export async function deleteGrant(deps: ChangeDeps, call: Call, ref: string, id: string): Promise<void> {
  const { now, events } = deps
  const { after } = await changeAgent(deps, call, ref, (agent) => {
    const { grants = [] } = agent
    const grant = grants.find((one) => one.id === id)
    if (grant === undefined) throw new ParleyError('not_found', 'Grant not found')
    const audit = [auditOf(call, 'grant.delete', ...auditedGrant(agent, grant, now()))]
    return { next: { ...agent, grants: grants.filter((one) => one !== grant) }, audit }
  })
  events.grantDeleted({ agentId: after.id, grantId: id, principal: call.principal.subject })
}
