/**
 * What was asked of agents and where it stands.
 *
 * Owns tasks, their event logs, contexts and idempotency. Every write is one `TaskCommit`; nothing is acknowledged
 * before its commit is durable. Does not call agents: a commit enqueues work, and `delivery` writes what agents
 * say through `writeTask`. Readers, live or late, read the log.
 */
import type { JsonText } from '../a2a/json-text.ts'
import type { Operation } from '../a2a/operation.ts'
import type { GetTaskRequest, ListTasksRequest, SendMessageRequest } from '../a2a/requests.ts'
import type { ListTasksResponse, SendMessageResponse, StreamResponse, Task } from '../a2a/task.ts'
import type { Wire } from '../a2a/wire.ts'
import type { Page, PageQuery } from '../access/page.ts'
import type { Call } from '../access/principal.ts'

export type SendOptions = {
  /** Scope: principal and agent; kept for 24 h. The same key with the same request is answered alike. */
  readonly idempotencyKey?: string
  /** URIs of the extensions the client declares it supports. */
  readonly extensions?: readonly string[]
  /** Told, before the answer or the first event, which of them the agent activated. */
  readonly onActivated?: (extensions: readonly string[]) => void
}

/** One event of a stream, with the log position a reader resumes from; a piece of a large snapshot has none. */
export type StreamFrame = { readonly seq?: number; readonly event: JsonText<StreamResponse> }

/**
 * A live view of one task's log. Iterating ends at the terminal state, or rejects with `stream_resume_required` when
 * the gateway ends it early. Leaving the loop releases everything and never cancels the task.
 */
export type TaskStream = AsyncIterable<StreamFrame> & {
  /** Known before the first event, so that a reader cut off before it can subscribe. */
  readonly taskId?: string
}

export type NativeTaskQuery = PageQuery & {
  readonly agent?: string
  readonly contextId?: string
  readonly state?: string
}

export type ContextSummary = {
  readonly contextId: string
  readonly agentId: string
  readonly createdAt: string
  readonly lastAt: string
}

/** A message of a conversation, with the task it belongs to. */
export type HistoryEntry = { readonly taskId: string; readonly at: string; readonly message: unknown }

/** An event of a task's log as the native API shows it. */
export type EventView = {
  readonly taskId: string
  readonly seq: number
  readonly at: string
  readonly kind: string
  readonly payload: unknown
}

/**
 * The A2A 1.0 operations (§3.1) for one agent, and the native views across agents. `agent` is an id or slug.
 *
 * Every method throws `agent_not_found` or `task_not_found` for what is missing or not the caller's, `forbidden` when
 * a scope is missing, and `invalid_params` for input it cannot accept.
 */
export interface Tasks {
  /** Blocks until the task settles or the maximum wait is over, unless `returnImmediately` is set. */
  sendMessage(
    call: Call,
    agent: string,
    request: Wire<SendMessageRequest>,
    options: SendOptions,
  ): Promise<JsonText<SendMessageResponse>>
  /** Resolves once the message is durable; the stream's first event is a task or a message. */
  sendStreamingMessage(
    call: Call,
    agent: string,
    request: Wire<SendMessageRequest>,
    options: SendOptions,
  ): Promise<TaskStream>
  /** `operation` is the one that the caller asked for, where another answers with a task as well. */
  getTask(call: Call, agent: string, request: GetTaskRequest, operation?: Operation): Promise<JsonText<Task>>
  listTasks(call: Call, agent: string, request: ListTasksRequest): Promise<JsonText<ListTasksResponse>>
  /** Waits up to 5 s for the agent's answer, then returns the task as it stands. */
  cancelTask(
    call: Call,
    agent: string,
    request: { readonly id: string; readonly metadata?: JsonText<object> },
  ): Promise<JsonText<Task>>
  /** Without `afterSeq` the first event is the task's snapshot; with it, exactly the later events. */
  subscribeToTask(
    call: Call,
    agent: string,
    request: { readonly id: string; readonly afterSeq?: number },
  ): Promise<TaskStream>

  /** Tasks of the caller; `admin` sees its tenant's. Each item is a Task without artifacts and history. */
  list(call: Call, query: NativeTaskQuery): Promise<Page<JsonText<Task>>>
  get(call: Call, id: string): Promise<JsonText<Task>>
  /** Throws what `get` would throw now, and reads no more than that takes. */
  assertVisible(call: Call, id: string): Promise<void>
  listEvents(call: Call, id: string, afterSeq: number, limit: number): Promise<Page<JsonText<EventView>>>
  /** As `listEvents`, live: the later events as they come, until the task ends. */
  followEvents(
    call: Call,
    id: string,
    afterSeq: number,
  ): Promise<AsyncIterable<{ readonly seq: number; readonly event: JsonText<EventView> }>>
  listContexts(call: Call, query: PageQuery & { readonly agent?: string }): Promise<Page<ContextSummary>>
  /** The messages of a conversation, oldest first. */
  listHistory(
    call: Call,
    contextId: string,
    query: PageQuery & { readonly agent?: string },
  ): Promise<Page<JsonText<HistoryEntry>>>
}
