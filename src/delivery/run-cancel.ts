import { taskId } from '../a2a/ids.ts'
import { type JsonText, membersOf } from '../a2a/json-text.ts'
import type { Task } from '../a2a/task.ts'
import { isTerminal } from '../a2a/task-state.ts'
import type { Wire } from '../a2a/wire.ts'
import type { ErrorCode } from '../errors.ts'
import { sendWork } from '../tasks/submit-message.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import { type Draft, writeTask } from '../tasks/write-task.ts'
import type { Fence } from '../work/work.ts'
import type { Run, RunResult } from '../work/worker.ts'
import { AgentFailure } from './agent-client.ts'
import { targetOf } from './choose-interface.ts'
import type { DeliveryDeps } from './delivery.ts'
import { callOptions } from './exchange.ts'
import { reconcile } from './reconcile.ts'
import { groupsOf, withinLimits } from './record-answer.ts'
import { statusEntry } from './translate.ts'

/** How soon to look again while the agent has not yet told its id of the task. */
const WAIT_FOR_ID_MS = 100

/**
 * Forwards a client's cancel to the agent. Only the agent's answer cancels a task it may be working on; its refusal
 * is noted for the client that waits.
 */
export async function runCancel(deps: DeliveryDeps, run: Run): Promise<RunResult> {
  const id = taskId(run.work.key)
  const fence: Fence = { kind: 'cancel', key: id, token: run.work.token }
  const head = await deps.store.findHead(id)
  const { agentTaskId, via, cancel } = head?.delivery ?? {}
  if (head === undefined || isTerminal(head.state) || cancel === undefined || cancel.refused !== undefined) {
    await deps.queue.finish(fence)
    return { kind: 'done' }
  }
  if (agentTaskId === undefined) return { kind: 'again', dueAt: deps.now() + WAIT_FOR_ID_MS }
  const agent = await deps.registry.findForDelivery(head.agentId)
  const target = agent && targetOf(agent, via)
  if (target === undefined) return settle(deps, fence, head, refused('agent_unavailable'))
  try {
    const metadata: JsonText<object> | undefined = cancel.metadata
    const task = await deps.client.cancelTask(target, agentTaskId, metadata, callOptions({ run }, head))
    if (task.value.id !== agentTaskId) {
      throw new AgentFailure('invalid', 'The agent answered about a different task')
    }
    return isTerminal(task.value.status.state)
      ? recordEnd(deps, fence, head, task)
      : settle(deps, fence, head, noted(deps, task))
  } catch (error) {
    if (!(error instanceof AgentFailure)) throw error
    deps.events.deliveryFailed({
      taskId: head.id,
      agentId: head.agentId,
      kind: 'cancel',
      attempt: run.work.attempt,
      failure: `${error.kind}: ${error.message}`,
      cause: error.cause,
    })
    return settle(deps, fence, head, refused(error.code ?? 'agent_unavailable'))
  }
}

/** The agent is still at it: it is followed until it has ended the task, and may be asked to cancel again. */
const noted =
  (deps: DeliveryDeps, task: Wire<Task>) =>
  (head: TaskHead): Draft => ({
    entries: task.value.status.state === head.state ? [] : [statusEntry(head, statusOf(task))],
    head: ({ delivery: { cancel: _, ...delivery }, ...known }) => ({ ...known, delivery }),
    work: [sendWork(head.id, { id: head.agentId }, deps.now())],
  })

const statusOf = (task: Wire<Task>) => ({
  state: task.value.status.state,
  text: membersOf(task.text).get('status') ?? '{}',
})

/** An exchange under way may be faster this often before the end is written without looking at the rest again. */
const MAX_ROUNDS = 10

/**
 * Writes that the agent ended the task, and first what else its answer holds: nothing can be added afterwards. The
 * exchange under way writes to the same log, so each round compares the answer with the log as it stands then.
 */
async function recordEnd(
  deps: DeliveryDeps,
  fence: Fence,
  start: TaskHead,
  task: Wire<Task>,
): Promise<RunResult> {
  for (let round = 1, head = start; ; round++) {
    const [entries = []] = groupsOf(await reconcile(deps.store, head, task))
    const seen = head.version
    const result = await writeTask(
      deps,
      head.id,
      (current) => {
        if (isTerminal(current.state)) return { done: [fence] }
        if (current.version === seen) return { entries: withinLimits(deps, current, entries) }
        return round > MAX_ROUNDS ? { entries: [statusEntry(current, statusOf(task))] } : undefined
      },
      fence,
    )
    if (result.kind !== 'written' && result.kind !== 'unchanged') return { kind: 'done' }
    if (isTerminal(result.head.state)) return { kind: 'done' }
    head = result.head
  }
}

const refused =
  (code: ErrorCode) =>
  (head: TaskHead): Draft => ({
    head: (known) => ({
      ...known,
      delivery: { ...known.delivery, cancel: { at: head.at, ...head.delivery.cancel, refused: code } },
    }),
  })

async function settle(
  deps: DeliveryDeps,
  fence: Fence,
  head: TaskHead,
  draft: (head: TaskHead) => Draft,
): Promise<RunResult> {
  await writeTask(
    deps,
    head.id,
    (current) => (isTerminal(current.state) ? undefined : { ...draft(current), done: [fence] }),
    fence,
  )
  return { kind: 'done' }
}
