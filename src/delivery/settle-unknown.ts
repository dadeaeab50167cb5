import type { Task } from '../a2a/task.ts'
import { isInterrupted } from '../a2a/task-state.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import type { RunResult } from '../work/worker.ts'
import { AgentFailure } from './agent-client.ts'
import type { DeliveryDeps } from './delivery.ts'
import { asAnswer, callOptions, type Exchange, reportFailure } from './exchange.ts'
import { failTask } from './fail-task.ts'
import { recheckLater } from './recheck-later.ts'
import { recordAnswers } from './record-answer.ts'

/**
 * A send began and nobody saw its end. If the agent already has the task, it may show that it got the message; else
 * the agent's `redelivery` setting decides.
 */
export async function settleUnknown(
  exchange: Exchange,
  head: TaskHead,
  seq: number,
): Promise<RunResult | undefined> {
  const { deps, fence, agent, target } = exchange
  const { agentTaskId } = head.delivery
  if (agent.redelivery === 'at-least-once') return undefined
  if (agentTaskId !== undefined) {
    try {
      const task = await deps.client.getTask(target, agentTaskId, callOptions(exchange, head))
      if (await showsMessage(deps, head, seq, task.value)) {
        await recordAnswers(deps, fence, head, { via: target.via }, [asAnswer(task)])
        return undefined
      }
    } catch (error) {
      if (!(error instanceof AgentFailure)) throw error
      reportFailure(exchange, head, error)
      if (error.kind !== 'refused' && error.kind !== 'invalid') return recheckLater(deps, head)
    }
  }
  await failUnknown(exchange, head, 'the connection to it was lost')
  return undefined
}

/** The agent moved on, or lists the message: it was accepted. */
async function showsMessage(deps: DeliveryDeps, head: TaskHead, seq: number, task: Task): Promise<boolean> {
  if (!isInterrupted(task.status.state)) return true
  const [event] = await deps.store.readEvents(head.id, { after: seq - 1, upTo: seq })
  const { messageId } = JSON.parse(event?.body ?? '{}') as { messageId?: string }
  return task.history?.some((message) => message.messageId === messageId) ?? false
}

/** Ends a task whose message may or may not have been acted on: sending it again could do it twice. */
export const failUnknown = ({ deps, fence }: Exchange, head: TaskHead, why: string): Promise<TaskHead> =>
  failTask(
    deps,
    fence,
    head,
    'OUTCOME_UNKNOWN',
    `Outcome unknown: the agent may or may not have acted on the message: ${why}`,
  )
