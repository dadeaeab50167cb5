import Type, { type Static } from 'typebox'
import { check } from '../a2a/wire.ts'
import { auditOf } from '../access/audit/audit-record.ts'
import type { Call } from '../access/principal.ts'
import { type Agent, VISIBILITIES } from './agent.ts'
import { type AgentCondition, type ChangeDeps, changeAgent } from './change-agent.ts'

/** What can be changed of an agent without its card; what is absent stays. */
export const AgentChangesBody = Type.Object(
  { visibility: Type.Optional(Type.Enum([...VISIBILITIES])) },
  { additionalProperties: false },
)
export type AgentChanges = Static<typeof AgentChangesBody>

export const agentChangesCheck = check(AgentChangesBody)

/** As `Registry.update`. */
export async function updateAgent(
  deps: ChangeDeps,
  call: Call,
  ref: string,
  { visibility }: AgentChanges,
  condition?: AgentCondition,
): Promise<Agent> {
  const { now, events } = deps
  const { before, after } = await changeAgent(
    deps,
    call,
    ref,
    (agent) => {
      if (visibility === undefined || visibility === agent.visibility) return undefined
      const audit = auditOf(call, 'agent.update', { kind: 'agent', id: agent.id }, now(), {
        details: { visibility, before: agent.visibility },
      })
      const updatedAt = Math.max(now(), agent.updatedAt)
      return { next: { ...agent, visibility, updatedAt }, audit: [audit] }
    },
    condition,
  )
  if (after !== before) {
    const { id, slug } = after
    events.agentRegistered({ agentId: id, slug, principal: call.principal.subject, created: false })
  }
  return after
}
