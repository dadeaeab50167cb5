import type { TaskHead } from '../tasks/task-head.ts'
import { writeTask } from '../tasks/write-task.ts'
import { LeaseLost } from '../work/work.ts'
import { AgentFailure } from './agent-client.ts'
import { asAnswer, callOptions, type Exchange, reportFailure } from './exchange.ts'
import { failTask } from './fail-task.ts'
import { followAnswers } from './follow-answers.ts'
import { planDelivery } from './plan-delivery.ts'
import { recordAnswers } from './record-answer.ts'

/** Follows a task the agent has: by its stream if it streams, else (or when it has no stream for it) by asking. */
export async function resumeTask(exchange: Exchange, head: TaskHead, agentTaskId: string): Promise<TaskHead> {
  exchange.run.setResumable(true)
  const after = exchange.target.streaming ? await followStream(exchange, head, agentTaskId) : head
  if (planDelivery(after).kind !== 'resume') return after
  try {
    return await recordSnapshot(exchange, after, agentTaskId)
  } catch (error) {
    if (!(error instanceof AgentFailure)) throw error
    return resumeFailed(exchange, after, error)
  }
}

async function followStream(exchange: Exchange, head: TaskHead, agentTaskId: string): Promise<TaskHead> {
  const { deps, target } = exchange
  try {
    return await followAnswers(exchange, head, (options) =>
      deps.client.subscribe(target, agentTaskId, options),
    )
  } catch (error) {
    // Whatever is wrong with the stream: asking for the task tells whether it matters.
    if (!(error instanceof AgentFailure)) throw error
    return (await deps.store.findHead(head.id)) ?? head
  }
}

async function recordSnapshot(exchange: Exchange, head: TaskHead, agentTaskId: string): Promise<TaskHead> {
  const { deps, fence, agent, target } = exchange
  const task = await deps.client.getTask(target, agentTaskId, callOptions(exchange, head))
  deps.onResult?.({ agent, url: target.via.url })
  const current = (await deps.store.findHead(head.id)) ?? head
  return recordAnswers(deps, fence, current, { via: target.via }, [asAnswer(task)])
}

/** An agent that does not answer is asked again for a while; one that forgot the task will not remember. */
async function resumeFailed(exchange: Exchange, head: TaskHead, failure: AgentFailure): Promise<TaskHead> {
  const { deps, fence, agent, target } = exchange
  reportFailure(exchange, head, failure)
  deps.onResult?.({ agent, url: target.via.url, failure })
  if (failure.kind === 'refused' && failure.code === 'task_not_found') {
    return failTask(deps, fence, head, 'AGENT_LOST_TASK', 'The agent does not know the task any more')
  }
  if (failure.kind === 'invalid') {
    return failTask(deps, fence, head, 'INVALID_AGENT_RESPONSE', `Invalid agent response: ${failure.message}`)
  }
  return noteUnreachable(exchange, head)
}

/** Counts from the first failure in a row; an agent that stays away too long fails the task. */
async function noteUnreachable({ deps, fence }: Exchange, seen: TaskHead): Promise<TaskHead> {
  const now = deps.now()
  const since = seen.delivery.unreachableSince
  if (since !== undefined && now - since >= deps.limits.unreachableMs) {
    return failTask(deps, fence, seen, 'AGENT_UNREACHABLE', 'The agent cannot be reached any more')
  }
  const result = await writeTask(
    deps,
    seen.id,
    (head) => {
      if (head.delivery.unreachableSince !== undefined) return undefined
      return {
        head: (known) => ({ ...known, delivery: { ...known.delivery, unreachableSince: now } }),
      }
    },
    fence,
  )
  if (result.kind === 'written' || result.kind === 'unchanged') return result.head
  throw new LeaseLost()
}
