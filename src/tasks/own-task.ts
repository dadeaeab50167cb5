import { type AgentId, taskId } from '../a2a/ids.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { TasksDeps } from './deps.ts'
import type { TaskHead } from './task-head.ts'

/** One answer for a task that is missing, undecided, another's, or another agent's. */
export const taskNotFound = (id: string): ParleyError =>
  new ParleyError('task_not_found', 'Task not found', { details: { taskId: id } })

/** Throws `forbidden` when the credential lacks the scope, before anything is looked up. */
export function requireScope(deps: TasksDeps, call: Call, action: 'read' | 'cancel' | 'invoke'): void {
  const { tenant, subject } = call.principal
  const decision = deps.access.decide(call.principal, action, { kind: 'task', tenant, owner: subject })
  if (!decision.allow && decision.reason === 'scope') {
    throw new ParleyError('forbidden', `The credential lacks the scope ${decision.scope}`, {
      details: { scope: decision.scope },
    })
  }
}

/** The caller's own task with this agent. Admins get no exception on A2A: they have the native views. */
export async function getOwnHead(
  deps: TasksDeps,
  call: Call,
  agentId: AgentId,
  id: string,
): Promise<TaskHead> {
  const head = await deps.store.findHead(taskId(id))
  const isOwn =
    head?.phase === 'task' &&
    head.tenant === call.principal.tenant &&
    head.owner === call.principal.subject &&
    head.agentId === agentId
  if (!isOwn) throw taskNotFound(id)
  return head
}
