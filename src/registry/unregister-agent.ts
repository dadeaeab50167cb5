import { auditOf } from '../access/audit/audit-record.ts'
import type { Call } from '../access/principal.ts'
import { type ChangeDeps, changeAgent } from './change-agent.ts'

/** As `Registry.unregister`. */
export async function unregisterAgent(deps: ChangeDeps, call: Call, ref: string): Promise<void> {
  const { now, events } = deps
  const { before } = await changeAgent(deps, call, ref, (agent) => {
    const audit = auditOf(call, 'agent.unregister', { kind: 'agent', id: agent.id }, now(), {
      details: { slug: agent.slug },
    })
    const at = now()
    return { next: { ...agent, updatedAt: at, removedAt: at }, removed: true, audit: [audit] }
  })
  events.agentUnregistered({ agentId: before.id, principal: call.principal.subject })
}
