import type { StreamResponse, Task } from '../a2a/task.ts'
import type { Wire } from '../a2a/wire.ts'
import type { Agent } from '../registry/agent.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import type { Fence } from '../work/work.ts'
import type { Run } from '../work/worker.ts'
import type { AgentCallOptions, AgentFailure, AgentTarget } from './agent-client.ts'
import type { DeliveryDeps } from './delivery.ts'

/** One run's dealings with one agent: what its steps share. */
export type Exchange = {
  readonly deps: DeliveryDeps
  readonly run: Run
  readonly fence: Fence
  readonly agent: Agent
  readonly target: AgentTarget
}

/** Calls about a task are made for whoever it belongs to. */
export const callOptions = ({ run }: Pick<Exchange, 'run'>, head: TaskHead): AgentCallOptions => ({
  signal: run.signal,
  onBehalfOf: { tenant: head.tenant, subject: head.owner },
  ...(head.traceparent === undefined ? {} : { traceparent: head.traceparent }),
})

/** A task that was asked for, in the form of a stream's first event. */
export const asAnswer = (task: Wire<Task>): Wire<StreamResponse> => ({
  value: { task: task.value },
  text: `{"task":${task.text}}`,
})

export function reportFailure({ deps, run }: Exchange, head: TaskHead, failure: AgentFailure): void {
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
