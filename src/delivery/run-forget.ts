import { agentId } from '../a2a/ids.ts'
import { isTerminal, TASK_STATES } from '../a2a/task-state.ts'
import type { Agent } from '../registry/agent.ts'
import { UNDECIDED_GRACE_MS } from '../tasks/submit-message.ts'
import type { Fence } from '../work/work.ts'
import type { Run, RunResult } from '../work/worker.ts'
import type { DeliveryDeps } from './delivery.ts'

const MAX_LOOK_MS = 60_000

/**
 * Forgets the credentials of an agent that was removed, once the last of its tasks has ended, or when a task without
 * progress would have. What clients sent just before is no task to be found until its exchange is decided.
 */
export async function runForget(deps: DeliveryDeps, run: Run): Promise<RunResult> {
  const id = agentId(run.work.key)
  const fence: Fence = { kind: 'forget', key: id, token: run.work.token }
  const agent = await deps.registry.findForDelivery(id)
  if (agent?.removedAt !== undefined) {
    const now = deps.now()
    const latest = agent.removedAt + deps.limits.staleMs
    const earliest = agent.removedAt + deps.limits.maxWaitMs + UNDECIDED_GRACE_MS
    if (now < Math.min(earliest, latest)) return { kind: 'again', dueAt: Math.min(earliest, latest) }
    if (now < latest && (await hasOpenTasks(deps, agent))) {
      return { kind: 'again', dueAt: Math.min(now + MAX_LOOK_MS, latest) }
    }
    await deps.registry.forget(id)
  }
  await deps.queue.finish(fence)
  return { kind: 'done' }
}

async function hasOpenTasks({ store }: DeliveryDeps, { id, tenant }: Agent): Promise<boolean> {
  for (const state of TASK_STATES) {
    if (isTerminal(state)) continue
    if ((await store.countHeads({ tenant, agentId: id, state }, 1)) > 0) return true
  }
  return false
}
