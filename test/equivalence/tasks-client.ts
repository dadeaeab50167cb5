import type {
  CancelTaskRequest,
  GetTaskRequest,
  ListTasksRequest,
  SendMessageRequest,
} from '../../src/a2a/requests.ts'
import type { ListTasksResponse, SendMessageResponse, StreamResponse, Task } from '../../src/a2a/task.ts'

/** What every way into the gateway offers, in values of 1.0. Rejects with a `Refusal`. */
export interface TasksClient {
  readonly can: Abilities
  send(request: SendMessageRequest, options?: SendOptions): Promise<SendMessageResponse>
  stream(request: SendMessageRequest, options?: SendOptions): AsyncIterable<Frame>
  get(request: GetTaskRequest): Promise<Task>
  list(request: ListTasksRequest): Promise<ListTasksResponse>
  cancel(request: CancelTaskRequest): Promise<Task>
  /** `afterSeq` is for those that can resume. */
  subscribe(request: { readonly id: string; readonly afterSeq?: number }): AsyncIterable<Frame>
}

/** What a version or a client has words for. The cases ask, and show the other side too. */
export type Abilities = {
  /** Lists tasks. 0.3 has no such operation. */
  readonly list: boolean
  /** Sees the numbers of frames, and resumes a stream after one. The SDK's clients drop them. */
  readonly resume: boolean
  /** Refers to other tasks in a message. The protobuf of 0.3 has no such field. */
  readonly refer: boolean
  /** Asks for no history at all. In the protobuf of 0.3 a length of 0 is one that is not given. */
  readonly askForNoHistory: boolean
  /** Sees that a chunk is to be appended. Reading the protobuf of 0.3, the SDK's clients drop the mark. */
  readonly seeAppends: boolean
  /** Sends what breaks the schema as it is. Translating to 0.3, the SDK's clients drop or refuse it. */
  readonly sendWrong: boolean
  /** A task that has ended cannot be subscribed to; in 0.3 the stream shows the task, and ends. */
  readonly subscribeToEnded: boolean
}

export const ALL_ABILITIES: Abilities = {
  list: true,
  resume: true,
  refer: true,
  askForNoHistory: true,
  seeAppends: true,
  sendWrong: true,
  subscribeToEnded: false,
}

export type SendOptions = { readonly idempotencyKey?: string }

export type Frame = { readonly seq: number | undefined; readonly event: StreamResponse }

/** How the gateway said no: its closed code, as every binding spells it, and what it found wrong where. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly reason: string
  readonly fields: readonly string[]
  /** The binding's own number for it, where there is one: of JSON-RPC, HTTP or gRPC. */
  readonly code: number | undefined

  constructor(reason: string, message: string, fields: readonly string[] = [], code?: number) {
    super(message)
    this.reason = reason
    this.fields = fields
    this.code = code
  }
}

/** A gateway with the scenario agent behind it, and clients of any subject. */
export type World = AsyncDisposable & {
  client(subject: string): Promise<TasksClient>
  /** Sees by 1.0 what the client of the same subject cannot ask for. */
  witness(subject: string): Promise<TasksClient>
}

export type OpenWorld = () => Promise<World>
