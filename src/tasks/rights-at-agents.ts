import type { AgentId } from '../a2a/ids.ts'
import type { Operation } from '../a2a/operation.ts'
import { type Call, hasScope } from '../access/principal.ts'
import type { Agent } from '../registry/agent.ts'
import { noGrant, resourceOf } from '../registry/find-agent.ts'
import type { TasksDeps } from './deps.ts'
import { hiddenTask } from './own-task.ts'
import type { TaskHead } from './task-head.ts'
import type { ContextFilter } from './task-store.ts'

/**
 * Asserts that the caller may read a task natively as it might over A2A. Throws `task_not_found` where it does not see the agent
 * any more, and `forbidden` where it does.
 */
export async function assertMayRead(
  deps: TasksDeps,
  call: Call,
  head: TaskHead,
  operation: Operation,
): Promise<void> {
  const refused = await refusalAt(deps, call, head.agentId, operation)
  if (refused === undefined) return
  throw refused.reason === 'grant' ? noGrant(refused.agent) : hiddenTask(head)
}

/** Why the caller may not read at an agent, if so. What was made with an agent that is gone stays its owner's. */
async function refusalAt(
  { registry, access }: TasksDeps,
  { principal }: Call,
  id: AgentId,
  operation: Operation,
): Promise<{ readonly agent: Agent; readonly reason: string } | undefined> {
  const agent = await registry.find(id)
  if (agent === undefined) return undefined
  const decision = access.decide(principal, 'read', resourceOf(agent), operation)
  return decision.allow ? undefined : { agent, reason: decision.reason }
}

/** The part of a filter that leaves out agents where the caller may not list any more; nothing while there are none. */
export async function withinRights(
  deps: TasksDeps,
  call: Call,
  { agentId, agentIds }: ContextFilter,
): Promise<Pick<ContextFilter, 'agentIds'>> {
  const within = agentIds === undefined ? {} : { agentIds }
  if (hasScope(call.principal, 'admin') || agentId !== undefined) return within
  const { tenant, subject: owner } = call.principal
  const known = await deps.store.listAgents({ tenant, owner })
  const refusals = await Promise.all(known.map((id) => refusalAt(deps, call, id, 'ListTasks')))
  const denied = new Set(known.filter((_, index) => refusals[index] !== undefined))
  return denied.size === 0 ? within : { agentIds: (agentIds ?? known).filter((id) => !denied.has(id)) }
}
