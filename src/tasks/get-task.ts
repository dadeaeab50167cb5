import type { JsonText } from '../a2a/json-text.ts'
import type { Operation } from '../a2a/operation.ts'
import type { GetTaskRequest } from '../a2a/requests.ts'
import type { Task } from '../a2a/task.ts'
import type { Call } from '../access/principal.ts'
import type { TasksDeps } from './deps.ts'
import { getOwnHead } from './own-task.ts'
import { readTask } from './read-task.ts'
import type { RenderedTasks } from './rendered-tasks.ts'

export async function getTask(
  deps: TasksDeps,
  rendered: RenderedTasks,
  call: Call,
  agentRef: string,
  { id, historyLength }: GetTaskRequest,
  operation: Operation = 'GetTask',
): Promise<JsonText<Task>> {
  const agent = await deps.registry.get(call, agentRef, 'read', operation)
  const head = await getOwnHead(deps, call, agent, id)
  if (historyLength !== undefined) return readTask(deps.store, head, { artifacts: true, historyLength })
  const known = rendered.find(head)
  if (known !== undefined) return known
  const text = await readTask(deps.store, head, { artifacts: true })
  rendered.remember(head, text)
  return text
}
