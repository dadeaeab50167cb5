import { type AgentId, taskId } from '../a2a/ids.ts'
import { RefusalError } from '../access/audit/refusal.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { TasksDeps } from './deps.ts'
import type { TaskHead } from './task-head.ts'

/** One answer for a task that is missing, undecided, another's, or another agent's. */
export const taskNotFound = (id: string, cause?: RefusalError): ParleyError =>
  new ParleyError('task_not_found', 'Task not found', { details: { taskId: id }, cause })

/** The caller's own task with this agent. Admins get no exception on A2A: they have the native views. */
export async function getOwnHead(
  deps: TasksDeps,
  call: Call,
  agentId: AgentId,
  id: string,
): Promise<TaskHead> {
  const head = await deps.store.findHead(taskId(id))
  if (head?.phase !== 'task') throw taskNotFound(id)
  const { tenant, subject } = call.principal
  if (head.tenant !== tenant || head.owner !== subject) throw hiddenTask(head)
  if (head.agentId !== agentId) throw taskNotFound(id)
  return head
}

/** The answer for somebody else's task, with what the operator may know. */
export const hiddenTask = ({ id, tenant }: TaskHead): ParleyError =>
  taskNotFound(id, new RefusalError(tenant, { kind: 'task', id }, 'hidden'))
