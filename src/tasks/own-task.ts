import { type AgentId, taskId } from '../a2a/ids.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { TasksDeps } from './deps.ts'
import type { TaskHead } from './task-head.ts'

/** One answer for a task that is missing, undecided, another's, or another agent's. */
export const taskNotFound = (id: string): ParleyError =>
  new ParleyError('task_not_found', 'Task not found', { details: { taskId: id } })

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
