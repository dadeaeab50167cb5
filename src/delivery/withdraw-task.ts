import type { Delivery, TaskHead } from '../tasks/task-head.ts'
import { AgentFailure } from './agent-client.ts'
import { callOptions, type Exchange, reportFailure } from './exchange.ts'
import { failTask } from './fail-task.ts'

/**
 * Ends a task whose sender may not use the agent any more. An agent that has it is asked once to stop; what it answers, and
 * whether it can, changes nothing.
 */
export async function withdrawTask(exchange: Exchange, head: TaskHead): Promise<void> {
  const { deps, run, fence, target } = exchange
  const text = `Who sent this may not use the agent any more: ${whatTheAgentHas(head.delivery)}`
  await failTask(deps, fence, head, 'RIGHTS_LOST', text)
  const { agentTaskId } = head.delivery
  if (agentTaskId === undefined) return
  try {
    await deps.client.cancelTask(target, agentTaskId, undefined, callOptions(exchange, head))
  } catch (error) {
    if (error instanceof AgentFailure) reportFailure(exchange, head, error)
    else if (!run.signal.aborted) throw error
  }
}

function whatTheAgentHas({ sending, agentTaskId }: Delivery): string {
  if (sending !== undefined) return 'the agent may or may not have acted on the message'
  return agentTaskId === undefined ? 'the message was not sent' : 'the agent is asked to stop'
}
