import type { AgentId, ContextId, TaskId } from '../a2a/ids.ts'
import type { TaskState } from '../a2a/task-state.ts'
import type { AuditRecord } from '../access/audit/audit-record.ts'
import type { Fence, NewWork, WorkRef } from '../work/work.ts'
import type { EventKind, TaskEvent } from './task-event.ts'
import type { EpochMs, TaskHead } from './task-head.ts'

export type IdempotencyRecord = {
  /** Hash of principal, agent and the client's key. */
  readonly scope: string
  readonly bodyHash: string
  readonly taskId: TaskId
  /** Seq of the message event this request wrote. */
  readonly seq: number
  /** Seq the answer was rendered at, once a wait ended before the task settled. */
  readonly answeredSeq?: number
  readonly expiresAt: EpochMs
}

/** A conversation of one owner with one agent. Two owners who choose the same id have two contexts. */
export type ContextKey = {
  readonly tenant: string
  readonly owner: string
  readonly agentId: AgentId
  readonly contextId: ContextId
}
export type ContextRecord = ContextKey & {
  readonly createdAt: EpochMs
  readonly lastAt: EpochMs
  /** The agent's own id for this conversation, once known. */
  readonly agentContextId?: string
}

/**
 * Everything one decision writes, applied atomically or not at all: at most 100 rows and 5 MiB (one event is at
 * most 4 MiB).
 * Order within a commit: checks, head, events, `done`, `work`, context, idempotency, audit.
 */
export type TaskCommit = {
  /** The head as it will stand; `version` is `expectedVersion + 1`. */
  readonly head: TaskHead
  /** 0 when the task must not exist yet. */
  readonly expectedVersion: number
  /** Gapless continuation of the stored log, ending at `head.seq`. */
  readonly events: readonly TaskEvent[]
  readonly fence?: Fence
  readonly work?: readonly NewWork[]
  readonly done?: readonly WorkRef[]
  /** Inserted, or merged into the stored row: `createdAt` stays, `lastAt` grows, a known `agentContextId` stays. */
  readonly context?: ContextRecord
  /**
   * Inserted if absent or expired; replaces the stored record of the same task and seq; else the commit is a
   * `duplicate`.
   */
  readonly idempotency?: IdempotencyRecord
  /** Appended to the audit log. */
  readonly audit?: readonly AuditRecord[]
}

/**
 * - `conflict`: the head is not at `expectedVersion`; load it again and decide again
 * - `fenced`: the lease is no longer held; the writer must stop
 * - `duplicate`: another request holds this idempotency scope
 */
export type CommitResult =
  | { readonly kind: 'committed' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'duplicate'; readonly record: IdempotencyRecord }

/** Which events of a log to read, oldest first. Bounds are exclusive below and inclusive above. */
export type EventSelection = {
  readonly after?: number
  readonly upTo?: number
  readonly kinds?: readonly EventKind[]
  readonly artifactId?: string
  /** Only the newest n that have a body. */
  readonly newest?: number
  /** Stop once this many bytes are read, but never before the first event. Default: no bound. */
  readonly maxBytes?: number
}

/** A place in a list ordered by time, then id. */
export type ListPosition = { readonly at: EpochMs; readonly id: string }

/** A place in a list of contexts. */
export type ContextPosition = Pick<ContextRecord, 'lastAt' | 'contextId' | 'agentId' | 'owner'>

/** Only decided tasks (`phase: 'task'`) are ever listed or counted. */
export type TaskFilter = {
  readonly tenant: string
  /** `undefined` lists every owner of the tenant. */
  readonly owner?: string
  readonly agentId?: AgentId
  /** Only of these agents. */
  readonly agentIds?: readonly AgentId[]
  readonly contextId?: ContextId
  readonly state?: TaskState
  /** Inclusive lower bound of `statusAt`. */
  readonly statusAtFrom?: EpochMs
}

export type ContextFilter = {
  readonly tenant: string
  readonly owner?: string
  readonly agentId?: AgentId
  /** Only of these agents. */
  readonly agentIds?: readonly AgentId[]
  readonly contextId?: ContextId
}

/** An event of one of a context's tasks; undecided exchanges are left out. */
export type ContextEvent = { readonly taskId: TaskId; readonly agentId: AgentId; readonly event: TaskEvent }

/**
 * Where tasks live. Reads of one task are strongly consistent: they see every commit answered before they began.
 * Absence is `undefined`; a driver's failure rejects with its own error.
 */
export interface TaskStore {
  commit(commit: TaskCommit): Promise<CommitResult>
  /**
   * Removes a task with its log and work, and its context if that holds no other task and nothing was said in it since.
   * No-op unless the task is at `expectedVersion`.
   */
  remove(id: TaskId, expectedVersion: number): Promise<boolean>
  findHead(id: TaskId): Promise<TaskHead | undefined>
  readEvents(id: TaskId, selection: EventSelection): Promise<readonly TaskEvent[]>
  /** Newest `statusAt` first, then greatest id; strictly after `position` in that order. */
  listHeads(filter: TaskFilter, limit: number, position?: ListPosition): Promise<readonly TaskHead[]>
  /** Counts up to `cap` and stops there. */
  countHeads(filter: TaskFilter, cap: number): Promise<number>
  /** The agents that an owner has contexts with, and so all with whom it has tasks; in the order of their ids. */
  listAgents(owner: Pick<ContextKey, 'tenant' | 'owner'>): Promise<readonly AgentId[]>
  findContext(key: ContextKey): Promise<ContextRecord | undefined>
  /** Newest `lastAt` first, then greatest contextId, agentId and owner. */
  listContexts(
    filter: ContextFilter,
    limit: number,
    position?: ContextPosition,
  ): Promise<readonly ContextRecord[]>
  countContexts(filter: ContextFilter, cap: number): Promise<number>
  /**
   * Events that carry a message (`submitted`, `message`, `status` with a body, `reply`), oldest `at` first, then
   * taskId; `position.id` is the taskId.
   */
  listContextEvents(
    filter: ContextFilter & { readonly contextId: ContextId },
    limit: number,
    position?: ListPosition,
  ): Promise<readonly ContextEvent[]>
  /** How many events `listContextEvents` would list in all, up to `cap`. */
  countContextEvents(filter: ContextFilter & { readonly contextId: ContextId }, cap: number): Promise<number>
  /** The record of a scope that has not expired at `now`. */
  findIdempotency(scope: string, now: EpochMs): Promise<IdempotencyRecord | undefined>
}
