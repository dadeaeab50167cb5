import { randomUUID } from 'node:crypto'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { type Message, type Part, Role, TaskState, type TaskStatus } from '@a2a-js/sdk'
import { AgentEvent, type ExecutionEventBus, type RequestContext } from '@a2a-js/sdk/server'
import type { Order } from './order.ts'
import { textPart } from './parts.ts'

type ArtifactPlacement = {
  /** Default: `result`. */
  readonly artifactId?: string
  /** Adds the parts to the artifact instead of replacing it. Default: false. */
  readonly append?: boolean
  /** Default: true. */
  readonly lastChunk?: boolean
  /** Which extensions shaped the parts. Default: none. */
  readonly extensions?: readonly string[]
}

/** One message being answered: what was asked, and the ways to answer. */
export type Turn = {
  readonly message: Message
  readonly order: Order
  /** The extensions that are active for this call. */
  readonly extensions: readonly string[]
  /** The first event of every turn on a task: the task as it stands. */
  accept(): void
  /** Answers with a plain message; no task exists then. */
  reply(text: string): void
  status(state: TaskState, text?: string): void
  artifact(parts: readonly Part[], placement?: ArtifactPlacement): void
  complete(text?: string): void
  /** Rejects when the task is cancelled or the agent stops. */
  wait(ms: number): Promise<void>
  /** Lets published events reach the wire; rejects like `wait`. */
  breathe(): Promise<void>
}

export function createTurn(
  context: RequestContext,
  bus: ExecutionEventBus,
  order: Order,
  signal: AbortSignal,
): Turn {
  const { taskId, contextId, task, userMessage } = context
  const status = (state: TaskState, text?: string) =>
    bus.publish(statusUpdate(taskId, contextId, state, text))

  return {
    message: userMessage,
    order,
    extensions: context.context?.activatedExtensions ?? [],
    accept: () =>
      bus.publish(
        AgentEvent.task({
          id: taskId,
          contextId,
          status: statusNow(task ? TaskState.TASK_STATE_WORKING : TaskState.TASK_STATE_SUBMITTED),
          artifacts: [],
          history: task?.history ?? [userMessage],
          metadata: undefined,
        }),
      ),
    reply: (text) => bus.publish(AgentEvent.message(agentMessage('', contextId, text))),
    status,
    artifact: (parts, { artifactId = 'result', append = false, lastChunk = true, extensions = [] } = {}) =>
      bus.publish(
        AgentEvent.artifactUpdate({
          taskId,
          contextId,
          artifact: {
            artifactId,
            name: artifactId,
            description: '',
            parts: [...parts],
            metadata: undefined,
            extensions: [...extensions],
          },
          append,
          lastChunk,
          metadata: undefined,
        }),
      ),
    complete: (text) => status(TaskState.TASK_STATE_COMPLETED, text),
    wait: (ms) => setTimeout(ms, undefined, { signal }),
    breathe: () => setImmediate(undefined, { signal }),
  }
}

export const statusUpdate = (taskId: string, contextId: string, state: TaskState, text?: string) =>
  AgentEvent.statusUpdate({
    taskId,
    contextId,
    status: statusNow(state, text === undefined ? undefined : agentMessage(taskId, contextId, text)),
    metadata: undefined,
  })

const statusNow = (state: TaskState, message?: Message): TaskStatus => ({
  state,
  message,
  timestamp: new Date().toISOString(),
})

const agentMessage = (taskId: string, contextId: string, text: string): Message => ({
  messageId: randomUUID(),
  taskId,
  contextId,
  role: Role.ROLE_AGENT,
  parts: [textPart(text)],
  metadata: undefined,
  extensions: [],
  referenceTaskIds: [],
})
