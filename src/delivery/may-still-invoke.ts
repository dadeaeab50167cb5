import type { Operation } from '../a2a/operation.ts'
import type { Agent } from '../registry/agent.ts'
import { resourceOf } from '../registry/find-agent.ts'
import { senderOf } from '../tasks/caller.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import type { DeliveryDeps } from './delivery.ts'

/** By either of these a message may have been sent. */
const SENDS: readonly Operation[] = ['SendMessage', 'SendStreamingMessage']

/**
 * Whether who sent a task's newest message may have its agent work on it now. A disabled agent takes nothing new, and what it
 * was sent before goes on. Rejects when that cannot be known.
 */
export async function mayStillInvoke(
  { access }: Pick<DeliveryDeps, 'access'>,
  head: TaskHead,
  agent: Agent,
): Promise<boolean> {
  const sender = await access.reassess(senderOf(head), 'task')
  if (sender === undefined) return false
  const lifecycle = agent.lifecycle === 'disabled' ? 'active' : agent.lifecycle
  const resource = resourceOf({ ...agent, lifecycle })
  return SENDS.some((operation) => access.decide(sender, 'invoke', resource, operation).allow)
}
