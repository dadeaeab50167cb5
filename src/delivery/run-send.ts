import { taskId } from '../a2a/ids.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import { writeTask } from '../tasks/write-task.ts'
import type { Fence } from '../work/work.ts'
import { LeaseLost } from '../work/work.ts'
import type { Run, RunResult } from '../work/worker.ts'
import { targetOf } from './choose-interface.ts'
import type { DeliveryDeps } from './delivery.ts'
import { failTask } from './fail-task.ts'
import { mayStillInvoke } from './may-still-invoke.ts'
import { planDelivery } from './plan-delivery.ts'
import { recheckLater } from './recheck-later.ts'
import { resumeTask } from './resume-task.ts'
import { sendNext } from './send-next.ts'
import { settleUnknown } from './settle-unknown.ts'
import { withdrawTask } from './withdraw-task.ts'

/**
 * Does what is left to do for a task, until it is the client's turn or the task is over. The head says what that is,
 * so a worker that takes over goes on where the other stopped.
 */
export async function runSend(deps: DeliveryDeps, run: Run): Promise<RunResult> {
  const id = taskId(run.work.key)
  const fence: Fence = { kind: 'send', key: id, token: run.work.token }
  /** This run itself noted that sending begins and nothing has left yet, so the outcome is not unknown. */
  let isMarked = run.reserved
  /** What was reserved was submitted a moment ago, and decided then. */
  let isDecided = run.reserved
  for (;;) {
    const head = await deps.store.findHead(id)
    if (head === undefined) return finished(deps, fence)
    const plan = planDelivery(head)
    if (plan.kind === 'over') return finished(deps, fence)
    if (plan.kind === 'idle') {
      if (await finishedIdle(deps, fence, head)) return { kind: 'done' }
      continue
    }
    const agent = await deps.registry.findForDelivery(head.agentId)
    const target = agent === undefined ? undefined : targetOf(agent, head.delivery.via)
    if (agent === undefined || target === undefined) {
      await failTask(deps, fence, head, 'AGENT_GONE', 'The agent is not registered any more')
      continue
    }
    const exchange = { deps, run, fence, agent, target }
    if (!isDecided && !(await mayStillInvoke(deps, head, agent))) {
      await withdrawTask(exchange, head)
      continue
    }
    isDecided = false
    if (plan.kind === 'resume') {
      const after = await resumeTask(exchange, head, plan.agentTaskId)
      if (planDelivery(after).kind === 'resume') return recheckLater(deps, after)
      continue
    }
    if (plan.kind === 'unknown' && !isMarked) {
      const again = await settleUnknown(exchange, head, plan.seq)
      if (again !== undefined) return again
      isMarked = agent.redelivery === 'at-least-once'
      continue
    }
    const result = await sendNext(exchange, head, plan.seq, isMarked)
    isMarked = false
    if (result !== undefined) return result
  }
}

async function finished(deps: DeliveryDeps, fence: Fence): Promise<RunResult> {
  await deps.queue.finish(fence)
  return { kind: 'done' }
}

/** Takes the work off the queue unless a new message came meanwhile; the head's version decides. */
async function finishedIdle(deps: DeliveryDeps, fence: Fence, seen: TaskHead): Promise<boolean> {
  const result = await writeTask(
    deps,
    seen.id,
    (head) => (planDelivery(head).kind === 'idle' ? { done: [fence] } : undefined),
    fence,
  )
  if (result.kind === 'fenced') throw new LeaseLost()
  return result.kind !== 'unchanged'
}
