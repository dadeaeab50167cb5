import { withSending } from '../tasks/submit-message.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import { writeTask } from '../tasks/write-task.ts'
import { LeaseLost } from '../work/work.ts'
import type { RunResult } from '../work/worker.ts'
import { AgentFailure } from './agent-client.ts'
import { requestFor } from './agent-request.ts'
import { type Exchange, reportFailure } from './exchange.ts'
import { failTask } from './fail-task.ts'
import { followAnswers } from './follow-answers.ts'
import { planDelivery } from './plan-delivery.ts'
import { recheckLater } from './recheck-later.ts'
import { failUnknown } from './settle-unknown.ts'

/** Sends one message and records the exchange. Returns a result only when the work must wait. */
export async function sendNext(
  exchange: Exchange,
  head: TaskHead,
  seq: number,
  isMarked: boolean,
): Promise<RunResult | undefined> {
  const { deps, target } = exchange
  const marked = isMarked ? head : await markSending(exchange, head, seq)
  if (marked === undefined) return undefined
  try {
    const { request, extensions } = await requestFor(deps, marked, seq)
    const after = await followAnswers(exchange, marked, (options) =>
      showing(exchange, deps.client.send(target, request, { ...options, extensions })),
    )
    if (after.delivery.sending === undefined || planDelivery(after).kind === 'over') return undefined
    throw new AgentFailure('invalid', 'The agent ended the exchange without an answer')
  } catch (error) {
    if (!(error instanceof AgentFailure)) throw error
    return afterFailure(exchange, marked, error)
  }
}

/** The same answers. With the first, the agent shows that it works. */
async function* showing<T>(
  { deps, agent, target }: Exchange,
  answers: AsyncIterable<T>,
): AsyncGenerator<T, void> {
  const beganAt = deps.now()
  let isFirst = true
  for await (const answer of answers) {
    if (isFirst) deps.onResult?.({ agent, url: target.via.url, latencyMs: Math.max(0, deps.now() - beganAt) })
    isFirst = false
    yield answer
  }
}

/** Notes, durably and before the first byte leaves, that this message may from now on have reached the agent. */
async function markSending(
  { deps, fence, target }: Exchange,
  seen: TaskHead,
  seq: number,
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
          return { ...sending, delivery: { ...sending.delivery, via: target.via } }
        },
      }
    },
    fence,
  )
  if (result.kind === 'written') return result.head
  if (result.kind === 'unchanged') return undefined
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
  // A connection that ends while the agent is at it costs time, and is resumed.
  if (failure.kind === 'invalid' || head.delivery.sending !== undefined)
    deps.onResult?.({ agent, url: exchange.target.via.url, failure })
  if (failure.kind === 'invalid') {
    await failTask(deps, fence, head, 'INVALID_AGENT_RESPONSE', `Invalid agent response: ${failure.message}`)
  } else if (head.delivery.sending === undefined) {
    return undefined
  } else if (failure.kind !== 'unknown') {
    await failTask(deps, fence, head, 'DELIVERY_FAILED', `The message was not delivered: ${failure.message}`)
  } else if (agent.redelivery === 'at-least-once') {
    return recheckLater(deps, head)
  } else await failUnknown(exchange, head, failure.message)
  return undefined
}
