import { isTerminal } from '../a2a/task-state.ts'
import type { TaskHead } from '../tasks/task-head.ts'

/**
 * What is left to do for a task:
 * - `send`: the agent has not been told of the message `seq`
 * - `unknown`: a send of `seq` began and no worker lived to see its outcome
 * - `resume`: the agent has the task; follow it
 * - `idle`: it is the client's turn
 * - `over`: nothing, for ever
 */
export type Plan =
  | { readonly kind: 'send'; readonly seq: number }
  | { readonly kind: 'unknown'; readonly seq: number }
  | { readonly kind: 'resume'; readonly agentTaskId: string }
  | { readonly kind: 'idle' }
  | { readonly kind: 'over' }

export function planDelivery(head: TaskHead): Plan {
  const { sending, unsent, agentTaskId } = head.delivery
  if (head.phase === 'message' || isTerminal(head.state)) return { kind: 'over' }
  if (sending !== undefined) return { kind: 'unknown', seq: sending.seq }
  const [seq] = unsent
  if (seq !== undefined) return { kind: 'send', seq }
  if (agentTaskId !== undefined && head.state !== 'TASK_STATE_INPUT_REQUIRED') {
    return { kind: 'resume', agentTaskId }
  }
  return { kind: 'idle' }
}
