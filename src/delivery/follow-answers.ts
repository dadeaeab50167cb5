import type { StreamResponse } from '../a2a/task.ts'
import { isInterrupted } from '../a2a/task-state.ts'
import type { Wire } from '../a2a/wire.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import { COMMIT_TARGET_BYTES, COMMIT_TARGET_EVENTS } from '../tasks/write-task.ts'
import type { AgentCallOptions } from './agent-client.ts'
import { batches } from './batches.ts'
import type { DeliveryDeps } from './delivery.ts'
import { callOptions, type Exchange } from './exchange.ts'
import { planDelivery } from './plan-delivery.ts'
import { recordAnswers } from './record-answer.ts'

/**
 * Records what the agent says until it ends the exchange, the task is over or it is the client's turn. While the
 * agent waits for credentials its stream stays open (A2A 1.0 §7.6.1), unless the client sends a message.
 */
export async function followAnswers(
  exchange: Exchange,
  start: TaskHead,
  call: (options: AgentCallOptions) => AsyncIterable<Wire<StreamResponse>>,
): Promise<TaskHead> {
  const { deps, run, fence, target } = exchange
  const limits = { maxItems: COMMIT_TARGET_EVENTS, maxBytes: COMMIT_TARGET_BYTES }
  const enough = new AbortController()
  const signal = AbortSignal.any([run.signal, enough.signal])
  let head = start
  let watching: Promise<void> | undefined
  let activated: readonly string[] = []
  const onActivated = (extensions: readonly string[]) => {
    activated = extensions
  }
  try {
    const answers = call({ ...callOptions(exchange, start), signal, onActivated })
    for await (const batch of batches(answers, ({ text }) => text.length, limits)) {
      head = await recordAnswers(deps, fence, head, { via: target.via, activated }, batch)
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
