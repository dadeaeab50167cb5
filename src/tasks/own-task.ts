import { taskId } from '../a2a/ids.ts'
import { RefusalError } from '../access/audit/refusal.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { Agent } from '../registry/agent.ts'
import { agentNotFound } from '../registry/find-agent.ts'
import type { TasksDeps } from './deps.ts'
import type { TaskHead } from './task-head.ts'

/** One answer for a task that is missing, undecided, another's, or another agent's. */
export const taskNotFound = (id: string, cause?: RefusalError): ParleyError =>
  new ParleyError('task_not_found', 'Task not found', { details: { taskId: id }, cause })

/** The caller's own task with this agent. Admins get no exception on A2A: they have the native views. */
export async function getOwnHead(
  deps: TasksDeps,
  call: Call,
  agent: Pick<Agent, 'id' | 'removedAt'>,
  id: string,
): Promise<TaskHead> {
  const missing = () => (agent.removedAt === undefined ? taskNotFound(id) : agentNotFound())
  const head = await deps.store.findHead(taskId(id))
  if (head?.phase !== 'task') throw missing()
  const { tenant, subject } = call.principal
  if (head.tenant !== tenant || head.owner !== subject) {
    throw agent.removedAt === undefined ? hiddenTask(head) : missing()
  }
  if (head.agentId !== agent.id) throw missing()
  return head
}

/** The agent whose tasks a caller lists. One that was removed is there for those who have tasks with it. */
export async function getAgentToList(deps: TasksDeps, call: Call, ref: string): Promise<Agent> {
  const agent = await deps.registry.get(call, ref, 'read', 'ListTasks')
  if (agent.removedAt === undefined) return agent
  const { tenant, subject: owner } = call.principal
  if ((await deps.store.listAgents({ tenant, owner })).includes(agent.id)) return agent
  throw agentNotFound()
}

/** The answer for somebody else's task, with what the operator may know. */
export const hiddenTask = ({ id, tenant }: TaskHead): ParleyError =>
  taskNotFound(id, new RefusalError(tenant, { kind: 'task', id }, 'hidden'))
