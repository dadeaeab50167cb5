import type { TaskHead } from '../tasks/task-head.ts'
import type { RunResult } from '../work/worker.ts'
import type { DeliveryDeps } from './delivery.ts'

const MIN_RECHECK_MS = 500
const MAX_RECHECK_MS = 30_000

/** A quiet agent is asked again after a quarter of the time it has been quiet, within bounds. */
export function recheckLater(deps: Pick<DeliveryDeps, 'now'>, head: TaskHead): RunResult {
  const now = deps.now()
  const quietMs = Math.max(0, now - head.at)
  return {
    kind: 'again',
    dueAt: now + Math.min(MAX_RECHECK_MS, Math.max(MIN_RECHECK_MS, Math.ceil(quietMs / 4))),
  }
}
