import { taskId } from '../a2a/ids.ts'
import { isInterrupted, isTerminal } from '../a2a/task-state.ts'
import { writeTask } from '../tasks/write-task.ts'
import type { Fence } from '../work/work.ts'
import type { Run, RunResult } from '../work/worker.ts'
import type { DeliveryDeps } from './delivery.ts'
import { failTask } from './fail-task.ts'

/**
 * A task's deadline came: one that is over has been kept long enough; an undecided one has nobody waiting for it and
 * becomes a task; one without progress fails; any other gets a new deadline. Interrupted tasks may wait for ever.
 */
export async function runDeadline(deps: DeliveryDeps, run: Run): Promise<RunResult> {
  const id = taskId(run.work.key)
  const fence: Fence = { kind: 'deadline', key: id, token: run.work.token }
  const head = await deps.store.findHead(id)
  if (head === undefined) {
    await deps.queue.finish(fence)
    return { kind: 'done' }
  }
  const now = deps.now()
  if (head.phase === 'message' || isTerminal(head.state)) {
    const keepUntil = head.at + deps.limits.retentionMs
    if (now < keepUntil) return { kind: 'again', dueAt: keepUntil }
    const removed = await deps.store.remove(id, head.version)
    return removed ? { kind: 'done' } : { kind: 'again', dueAt: now }
  }
  if (head.phase === 'undecided') {
    await writeTask(
      deps,
      id,
      (current) =>
        current.phase === 'undecided' ? { head: (known) => ({ ...known, phase: 'task' }) } : undefined,
      fence,
    )
    return { kind: 'again', dueAt: head.at + deps.limits.staleMs }
  }
  const staleAt = head.at + deps.limits.staleMs
  if (isInterrupted(head.state)) return { kind: 'again', dueAt: now + deps.limits.staleMs }
  if (now < staleAt) return { kind: 'again', dueAt: staleAt }
  await failTask(deps, fence, head, 'NO_PROGRESS', 'The agent made no progress within the time limit')
  return { kind: 'done' }
}
