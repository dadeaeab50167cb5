import type { AgentInterface } from '../a2a/agent-card.ts'
import { taskId } from '../a2a/ids.ts'
import type { StreamResponse, Task } from '../a2a/task.ts'
import { isInterrupted } from '../a2a/task-state.ts'
import type { Wire } from '../a2a/wire.ts'
import type { Agent } from '../registry/agent.ts'
import { withSending } from '../tasks/submit-message.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import type { Fence } from '../tasks/task-store.ts'
import { MAX_COMMIT_BYTES, MAX_COMMIT_EVENTS, writeTask } from '../tasks/write-task.ts'
import { type AgentCallOptions, AgentFailure, type AgentTarget } from './agent-client.ts'
import { requestFor } from './agent-request.ts'
import { batches } from './batches.ts'
import { targetOf } from './choose-interface.ts'
import type { DeliveryDeps, Run, RunResult } from './delivery.ts'
import { failTask } from './fail-task.ts'
import { planDelivery } from './plan-delivery.ts'
import { LeaseLost, recordAnswers } from './record-answer.ts'

/** What the steps of one run share. */
type Exchange = {
  readonly deps: DeliveryDeps
  readonly run: Run
  readonly fence: Fence
  readonly agent: Agent
  readonly target: AgentTarget
}

/** After a quiet agent is asked again: a quarter of the time it has been quiet, within these bounds. */
const MIN_RECHECK_MS = 500
const MAX_RECHECK_MS = 30_000

/**
 * Does what is left to do for a task, until it is the client's turn or the task is over. The head says what that is,
 * so a worker that takes over goes on where the other stopped.
 */
export async function runSend(deps: DeliveryDeps, run: Run): Promise<RunResult> {
  const id = taskId(run.work.key)
  const fence: Fence = { kind: 'send', key: id, token: run.work.token }
  /** This run itself noted that sending begins and nothing has left yet, so the outcome is not unknown. */
  let isMarked = run.reserved
  for (;;) {
    const head = await deps.store.findHead(id)
    if (head === undefined) return finished(deps, fence)
    const plan = planDelivery(head)
    if (plan.kind === 'over') return finished(deps, fence)
    if (plan.kind === 'idle') {
      if (await finishedIdle(deps, fence, head)) return { kind: 'done' }
      continue
    }
    const agent = await deps.registry.find(head.agentId)
    const target = agent?.enabled ? targetOf(agent, head.delivery.via) : undefined
    if (agent === undefined || target === undefined) {
      await failTask(deps, fence, head, 'AGENT_GONE', 'The agent is not registered any more')
      continue
    }
    const exchange = { deps, run, fence, agent, target }
    if (plan.kind === 'resume') {
      const after = await resume(exchange, head, plan.agentTaskId)
      if (planDelivery(after).kind === 'resume') return recheckLater(deps, after)
      continue
    }
    if (plan.kind === 'unknown' && !isMarked) {
      const again = await settleUnknown(exchange, head, plan.seq)
      if (again !== undefined) return again
      isMarked = agent.redelivery === 'at-least-once'
      continue
    }
    const result = await send(exchange, head, plan.seq, isMarked)
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

const recheckLater = (deps: DeliveryDeps, head: TaskHead): RunResult => {
  const now = deps.now()
  const quietMs = Math.max(0, now - head.at)
  return {
    kind: 'again',
    dueAt: now + Math.min(MAX_RECHECK_MS, Math.max(MIN_RECHECK_MS, Math.ceil(quietMs / 4))),
  }
}

/** Sends one message and records the exchange. Returns a result only when the work must wait. */
async function send(
  { deps, run, fence, agent, target }: Exchange,
  head: TaskHead,
  seq: number,
  isMarked: boolean,
): Promise<RunResult | undefined> {
  const marked = isMarked ? head : await markSending(deps, fence, head, seq, target.via)
  if (marked === undefined) return undefined
  try {
    const request = await requestFor(deps, marked, seq)
    const after = await follow({ deps, run, fence, agent, target }, marked, (options) =>
      deps.client.send(target, request, options),
    )
    if (after.delivery.sending === undefined || planDelivery(after).kind === 'over') return undefined
    throw new AgentFailure('invalid', 'The agent ended the exchange without an answer')
  } catch (error) {
    if (!(error instanceof AgentFailure)) throw error
    return afterFailure({ deps, run, fence, agent, target }, marked, error)
  }
}

/** Notes, durably and before the first byte leaves, that this message may from now on have reached the agent. */
async function markSending(
  deps: DeliveryDeps,
  fence: Fence,
  seen: TaskHead,
  seq: number,
  via: AgentInterface,
): Promise<TaskHead | undefined> {
  const result = await writeTask(
    deps,
    seen.id,
    (head) => {
      const plan = planDelivery(head)
      if (plan.kind !== 'send' || plan.seq !== seq) return undefined
      return {
        head: (known) => {
          const sending = withSending(known, seq, deps.now())
          return { ...sending, delivery: { ...sending.delivery, via } }
        },
      }
    },
    fence,
  )
  if (result.kind === 'written') return result.head
  if (result.kind === 'unchanged') return undefined
  throw new LeaseLost()
}

/**
 * Records what the agent says until it ends the exchange, the task is over or it is the client's turn. While the
 * agent waits for credentials its stream stays open (A2A 1.0 §7.6.1), unless the client sends a message.
 */
async function follow(
  { deps, run, fence, target }: Exchange,
  start: TaskHead,
  call: (options: AgentCallOptions) => AsyncIterable<Wire<StreamResponse>>,
): Promise<TaskHead> {
  const limits = { maxItems: MAX_COMMIT_EVENTS, maxBytes: MAX_COMMIT_BYTES }
  const enough = new AbortController()
  const signal = AbortSignal.any([run.signal, enough.signal])
  let head = start
  let watching: Promise<void> | undefined
  try {
    const answers = call({ ...optionsOf(run, start), signal })
    for await (const batch of batches(answers, ({ text }) => text.length, limits)) {
      head = await recordAnswers(deps, fence, head, target.via, batch)
      const { kind } = planDelivery(head)
      if (kind === 'over' || kind === 'idle') return head
      run.setResumable(head.delivery.sending === undefined)
      if (isInterrupted(head.state)) watching ??= endAtMessage(deps, head, enough)
    }
    return head
  } catch (error) {
    if (enough.signal.aborted && !run.signal.aborted) return (await deps.store.findHead(head.id)) ?? head
    throw error
  } finally {
    enough.abort()
    await watching
  }
}

/** Aborts `enough` once the client has sent a message to the interrupted task. */
async function endAtMessage(deps: DeliveryDeps, head: TaskHead, enough: AbortController): Promise<void> {
  using watch = deps.news.watch(head.id)
  try {
    while (!enough.signal.aborted) {
      const current = await deps.store.findHead(head.id)
      if (current === undefined || current.delivery.unsent.length > 0) enough.abort()
      else {
        // Rejects only when `enough` aborts, which ends the loop.
        await watch.changed(enough.signal).catch(() => {})
      }
    }
  } catch (cause) {
    // The message is then sent when the stream ends.
    deps.events.unexpected({ where: 'watching for a message', cause })
  }
}

/** Follows a task the agent has: by its stream if it streams, else (or when it has no stream for it) by asking. */
async function resume(exchange: Exchange, head: TaskHead, agentTaskId: string): Promise<TaskHead> {
  const { deps, run, target } = exchange
  run.setResumable(true)
  try {
    if (target.streaming) {
      const after = await follow(exchange, head, (options) =>
        deps.client.subscribe(target, agentTaskId, options),
      )
      if (planDelivery(after).kind !== 'resume') return after
      return recordSnapshot(exchange, after, agentTaskId)
    }
  } catch (error) {
    // Whatever is wrong with the stream: asking for the task tells whether it matters.
    if (!(error instanceof AgentFailure)) throw error
  }
  try {
    return await recordSnapshot(exchange, head, agentTaskId)
  } catch (error) {
    if (!(error instanceof AgentFailure)) throw error
    return resumeFailed(exchange, head, error)
  }
}

async function recordSnapshot(exchange: Exchange, head: TaskHead, agentTaskId: string): Promise<TaskHead> {
  const { deps, run, fence, target } = exchange
  const task = await deps.client.getTask(target, agentTaskId, optionsOf(run, head))
  const current = (await deps.store.findHead(head.id)) ?? head
  return recordAnswers(deps, fence, current, target.via, [asAnswer(task)])
}

const asAnswer = (task: Wire<Task>): Wire<StreamResponse> => ({
  value: { task: task.value },
  text: `{"task":${task.text}}`,
})

/** An agent that does not answer is asked again for a while; one that forgot the task will not remember. */
async function resumeFailed(exchange: Exchange, head: TaskHead, failure: AgentFailure): Promise<TaskHead> {
  const { deps, fence } = exchange
  reportFailure(exchange, head, failure)
  if (failure.kind === 'refused' && failure.code === 'task_not_found') {
    return failTask(deps, fence, head, 'AGENT_LOST_TASK', 'The agent does not know the task any more')
  }
  if (failure.kind === 'invalid') {
    return failTask(deps, fence, head, 'INVALID_AGENT_RESPONSE', `Invalid agent response: ${failure.message}`)
  }
  return noteUnreachable(exchange, head)
}

/** Counts from the first failure in a row; an agent that stays away too long fails the task. */
async function noteUnreachable({ deps, fence }: Exchange, seen: TaskHead): Promise<TaskHead> {
  const now = deps.now()
  const since = seen.delivery.unreachableSince
  if (since !== undefined && now - since >= deps.limits.unreachableMs) {
    return failTask(deps, fence, seen, 'AGENT_UNREACHABLE', 'The agent cannot be reached any more')
  }
  const result = await writeTask(
    deps,
    seen.id,
    (head) => {
      if (head.delivery.unreachableSince !== undefined) return undefined
      return {
        head: (known) => ({ ...known, delivery: { ...known.delivery, unreachableSince: now } }),
      }
    },
    fence,
  )
  if (result.kind === 'written' || result.kind === 'unchanged') return result.head
  throw new LeaseLost()
}

/** What becomes of the task after a send that failed. Once the agent has it, resuming decides. */
async function afterFailure(
  exchange: Exchange,
  seen: TaskHead,
  failure: AgentFailure,
): Promise<RunResult | undefined> {
  const { deps, fence, agent } = exchange
  reportFailure(exchange, seen, failure)
  const head = (await deps.store.findHead(seen.id)) ?? seen
  if (planDelivery(head).kind === 'over') return undefined
  if (failure.kind === 'invalid') {
    await failTask(deps, fence, head, 'INVALID_AGENT_RESPONSE', `Invalid agent response: ${failure.message}`)
  } else if (head.delivery.sending === undefined) {
    return undefined
  } else if (failure.kind !== 'unknown') {
    await failTask(deps, fence, head, 'DELIVERY_FAILED', `The message was not delivered: ${failure.message}`)
  } else if (agent.redelivery === 'at-least-once') {
    return recheckLater(deps, head)
  } else await failTask(deps, fence, head, 'OUTCOME_UNKNOWN', `${OUTCOME_UNKNOWN}: ${failure.message}`)
  return undefined
}

const OUTCOME_UNKNOWN = 'Outcome unknown: the agent may or may not have acted on the message'

/**
 * A send began and nobody saw its end. If the agent already has the task, it may show that it got the message; else
 * the agent's `redelivery` setting decides.
 */
async function settleUnknown(
  exchange: Exchange,
  head: TaskHead,
  seq: number,
): Promise<RunResult | undefined> {
  const { deps, run, fence, agent, target } = exchange
  const { agentTaskId } = head.delivery
  if (agent.redelivery === 'at-least-once') return undefined
  if (agentTaskId !== undefined) {
    try {
      const task = await deps.client.getTask(target, agentTaskId, optionsOf(run, head))
      if (await showsMessage(deps, head, seq, task.value)) {
        await recordAnswers(deps, fence, head, target.via, [asAnswer(task)])
        return undefined
      }
    } catch (error) {
      if (!(error instanceof AgentFailure)) throw error
      reportFailure(exchange, head, error)
      if (error.kind !== 'refused' && error.kind !== 'invalid') return recheckLater(deps, head)
    }
  }
  await failTask(deps, fence, head, 'OUTCOME_UNKNOWN', `${OUTCOME_UNKNOWN}: the connection to it was lost`)
  return undefined
}

/** The agent moved on, or lists the message: it was accepted. */
async function showsMessage(deps: DeliveryDeps, head: TaskHead, seq: number, task: Task): Promise<boolean> {
  if (!isInterrupted(task.status.state)) return true
  const [event] = await deps.store.readEvents(head.id, { after: seq - 1, upTo: seq })
  const { messageId } = JSON.parse(event?.body ?? '{}') as { messageId?: string }
  return task.history?.some((message) => message.messageId === messageId) ?? false
}

const optionsOf = (run: Run, head: TaskHead) => ({
  signal: run.signal,
  ...(head.traceparent === undefined ? {} : { traceparent: head.traceparent }),
})

function reportFailure({ deps, run }: Exchange, head: TaskHead, failure: AgentFailure): void {
  deps.events.deliveryFailed({
    taskId: head.id,
    agentId: head.agentId,
    kind: 'send',
    attempt: run.work.attempt,
    failure: `${failure.kind}: ${failure.message}`,
    cause: failure.cause,
    ...(head.traceparent === undefined ? {} : { traceparent: head.traceparent }),
  })
}
