import type { AgentInterface } from '../a2a/agent-card.ts'
import type { AgentId, ContextId, TaskId } from '../a2a/ids.ts'
import type { TaskState } from '../a2a/task-state.ts'
import type { ErrorCode } from '../errors.ts'
import type { Caller } from './caller.ts'

/** Milliseconds since the Unix epoch. */
export type EpochMs = number

/**
 * What an exchange has become. A blocking or streaming send starts `undecided`: durable, but unindexed and
 * invisible to every read, until the agent's first answer (or the gateway, when nobody waits any more) decides.
 */
export type Phase = 'undecided' | 'task' | 'message'

/** Where the parts of one artifact stand in the log: its events among `first..last`, in order. */
export type ArtifactExtent = {
  readonly artifactId: string
  readonly first: number
  readonly last: number
  /** Assembled size in bytes. */
  readonly bytes: number
}

/** What the gateway knows of the agent's side of a task. */
export type Delivery = {
  /** Seqs of the client's messages that the agent has not accepted yet, oldest first. */
  readonly unsent: readonly number[]
  /** The message whose sending has begun; until the agent answers, whether it was accepted is unknown. */
  readonly sending?: { readonly seq: number; readonly at: EpochMs }
  /** The interface that owns the agent's task: every later call about this task goes there. */
  readonly via?: AgentInterface
  readonly agentTaskId?: string
  readonly agentContextId?: string
  readonly cancel?: CancelRequest
  /** The extensions that the agent activated, as its first answer to the message `seq` says. */
  readonly activated?: { readonly seq: number; readonly uris: readonly string[] }
  /** Since when asking the agent about its task has failed. */
  readonly unreachableSince?: EpochMs
}

/** A client asked to cancel. What the agent makes of it shows in the log, or here when it refused. */
export type CancelRequest = {
  readonly at: EpochMs
  /** The request's `metadata`, for the agent. */
  readonly metadata?: string
  readonly refused?: ErrorCode
}

/**
 * The small, versioned head of a task. Content lives in the event log; the head says which events make up the task as
 * it stands. It grows with the task's artifacts and unsent messages, and is meant to stay under 32 KB.
 */
export type TaskHead = {
  readonly id: TaskId
  readonly tenant: string
  readonly owner: string
  readonly agentId: AgentId
  readonly contextId: ContextId
  readonly phase: Phase
  /** Grows by one with every commit. */
  readonly version: number
  /** Seq of the newest event; the log holds exactly `1..seq`. */
  readonly seq: number
  readonly createdAt: EpochMs
  /** Time of the newest event. */
  readonly at: EpochMs
  readonly state: TaskState
  /** Seq and time of the event that set the present status. */
  readonly statusSeq: number
  readonly statusAt: EpochMs
  /** Seq of the status event whose `header` is the task's `metadata`. */
  readonly metadataSeq?: number
  readonly artifacts: readonly ArtifactExtent[]
  /** Assembled size of the task in bytes. */
  readonly bytes: number
  readonly delivery: Delivery
  /** Absent when it says nothing beyond `tenant` and `owner`. */
  readonly caller?: Caller
  readonly traceparent?: string
}
