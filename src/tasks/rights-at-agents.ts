import type { AgentId } from '../a2a/ids.ts'
import type { Operation } from '../a2a/operation.ts'
import { type Call, hasScope } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { TasksDeps } from './deps.ts'
import type { ContextFilter } from './task-store.ts'

/**
 * Asserts that the caller may read at an agent what the operation reads, as it would have to over A2A. What was made with an agent
 * that is gone stays its owner's. Throws `forbidden` for an agent that the caller sees; `hidden` is what to throw for others.
 */
export async function assertMayReadAt(
  { registry }: TasksDeps,
  call: Call,
  id: AgentId,
  operation: Operation,
  hidden: () => ParleyError,
): Promise<void> {
  try {
    await registry.get(call, id, 'read', operation)
  } catch (reason) {
    const isHidden = reason instanceof ParleyError && reason.code === 'agent_not_found'
    if (!isHidden) throw reason
    if ((await registry.find(id)) !== undefined) throw hidden()
  }
}

/** The part of a filter that leaves out agents where the caller may not list any more; nothing while there are none. */
export async function withinRights(
  deps: TasksDeps,
  call: Call,
  { agentIds, ...filter }: ContextFilter,
): Promise<Pick<ContextFilter, 'agentIds'>> {
  const { tenant, subject: owner } = call.principal
  const within = agentIds === undefined ? {} : { agentIds }
  if (hasScope(call.principal, 'admin') || filter.agentId !== undefined) return within
  const known = await deps.store.listAgents({ tenant, owner })
  const mayList = await Promise.all(known.map((id) => mayListAt(deps, call, id)))
  if (mayList.every(Boolean)) return within
  const allowed = new Set(known.filter((_, index) => mayList[index]))
  return { agentIds: agentIds === undefined ? [...allowed] : agentIds.filter((id) => allowed.has(id)) }
}

const mayListAt = (deps: TasksDeps, call: Call, id: AgentId): Promise<boolean> =>
  assertMayReadAt(deps, call, id, 'ListTasks', notListed).then(
    () => true,
    (reason: unknown) => {
      if (reason instanceof ParleyError && ['forbidden', 'agent_not_found'].includes(reason.code))
        return false
      throw reason
    },
  )

const notListed = (): ParleyError => new ParleyError('agent_not_found', 'Agent not found')
