import type { Operation } from '../a2a/operation.ts'
import type { Agent } from '../registry/agent.ts'
import { resourceOf } from '../registry/find-agent.ts'
import { senderOf } from '../tasks/caller.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import type { DeliveryDeps } from './delivery.ts'

/** By either of these a message may have been sent. */
const SENDS: readonly Operation[] = ['SendMessage', 'SendStreamingMessage']

/** Whether who sent a task's newest message may have its agent work on it now. Rejects when that cannot be known. */
export async function mayStillInvoke(
  { access }: Pick<DeliveryDeps, 'access'>,
  head: TaskHead,
  agent: Agent,
): Promise<boolean> {
  const sender = await access.reassess(senderOf(head), 'task')
  if (sender === undefined) return false
  const resource = resourceOf(agent)
  return SENDS.some((operation) => access.decide(sender, 'invoke', resource, operation).allow)
}
