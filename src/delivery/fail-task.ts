import type { TaskHead } from '../tasks/task-head.ts'
import { writeTask } from '../tasks/write-task.ts'
import type { Fence } from '../work/work.ts'
import { LeaseLost } from '../work/work.ts'
import type { DeliveryDeps } from './delivery.ts'
import { failureEntry } from './translate.ts'

/** Ends a task FAILED in the gateway's own words; an undecided exchange becomes a task by it. */
export async function failTask(
  deps: Pick<DeliveryDeps, 'store' | 'events' | 'now' | 'limits' | 'newId'>,
  fence: Fence,
  head: TaskHead,
  reason: string,
  text: string,
): Promise<TaskHead> {
  const result = await writeTask(
    deps,
    head.id,
    (current) => ({
      entries: [failureEntry(current, deps.newId(), reason, text)],
      head: (known) => (known.phase === 'undecided' ? { ...known, phase: 'task' } : known),
    }),
    fence,
  )
  if (result.kind === 'written' || result.kind === 'unchanged') return result.head
  throw new LeaseLost()
}
