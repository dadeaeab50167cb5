import type {
  CancelTaskRequest,
  GetTaskRequest,
  ListTasksRequest,
  SendMessageRequest,
} from '../../src/a2a/requests.ts'
import type { ListTasksResponse, SendMessageResponse, StreamResponse, Task } from '../../src/a2a/task.ts'

/** What every way into the gateway offers, in values. Rejects with a `Refusal`. */
export interface TasksClient {
  send(request: SendMessageRequest, options?: SendOptions): Promise<SendMessageResponse>
  stream(request: SendMessageRequest, options?: SendOptions): AsyncIterable<Frame>
  get(request: GetTaskRequest): Promise<Task>
  list(request: ListTasksRequest): Promise<ListTasksResponse>
  cancel(request: CancelTaskRequest): Promise<Task>
  subscribe(request: { readonly id: string; readonly afterSeq?: number }): AsyncIterable<Frame>
}

export type SendOptions = { readonly idempotencyKey?: string }

export type Frame = { readonly seq: number | undefined; readonly event: StreamResponse }

/** How the gateway said no: its closed code, as every binding spells it, and what it found wrong where. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly reason: string
  readonly fields: readonly string[]

  constructor(reason: string, message: string, fields: readonly string[] = []) {
    super(message)
    this.reason = reason
    this.fields = fields
  }
}

/** A gateway on the memory backend with the scenario agent behind it, and clients of any subject. */
export type World = AsyncDisposable & {
  client(subject: string): Promise<TasksClient>
}

export type OpenWorld = () => Promise<World>
