import { taskId } from '../a2a/ids.ts'
import type { JsonText } from '../a2a/json-text.ts'
import { membersOf } from '../a2a/json-text.ts'
import { isTerminal } from '../a2a/task-state.ts'
import type { ErrorCode } from '../errors.ts'
import { sendWork } from '../tasks/submit-message.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import type { Fence } from '../tasks/task-store.ts'
import { type Draft, writeTask } from '../tasks/write-task.ts'
import { AgentFailure } from './agent-client.ts'
import { targetOf } from './choose-interface.ts'
import type { DeliveryDeps, Run, RunResult } from './delivery.ts'
import { statusEntry } from './translate.ts'

/** How soon to look again while the agent has not yet told its id of the task. */
const WAIT_FOR_ID_MS = 100

/**
 * Forwards a client's cancel to the agent. Only the agent's answer cancels a task it may be working on; its refusal
 * is noted for the client that waits. Artifacts come through the exchange that is under way, not through this answer.
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
  const agent = await deps.registry.find(head.agentId)
  const target = agent && targetOf(agent, via)
  if (target === undefined) return settle(deps, fence, head, refused('agent_unavailable'))
  try {
    const options = {
      signal: run.signal,
      ...(head.traceparent === undefined ? {} : { traceparent: head.traceparent }),
    }
    const metadata: JsonText<object> | undefined = cancel.metadata
    const task = await deps.client.cancelTask(target, agentTaskId, metadata, options)
    const status = { state: task.value.status.state, text: membersOf(task.text).get('status') ?? '{}' }
    return settle(deps, fence, head, (current) => ({
      entries: status.state === current.state ? [] : [statusEntry(current, status)],
      // An agent that is still at it is followed until it has ended the task.
      work: isTerminal(status.state) ? [] : [sendWork(current.id, { id: current.agentId }, deps.now())],
    }))
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
