import type { TaskState } from '../a2a/task-state.ts'
import type { EpochMs } from './task-head.ts'

/**
 * - `submitted`: seq 1, the client's first message
 * - `message`: a later message of the client
 * - `status`: the agent (or the gateway) set the status
 * - `artifact`: the agent created, replaced or extended an artifact
 * - `reply`: the agent answered with a plain Message and made no task
 */
export const EVENT_KINDS = ['submitted', 'message', 'status', 'artifact', 'reply'] as const
export type EventKind = (typeof EVENT_KINDS)[number]

/**
 * One entry of a task's append-only log, never updated. Content is JSON text, each byte once:
 *
 * | kind | `header` | `body` | `trailer` |
 * |---|---|---|---|
 * | submitted, message | | the client's Message | the request's other members, and its `extensions` |
 * | status | the task's `metadata` object, if the agent sent it | the status Message, if any | members after `status` |
 * | artifact | the artifact's members but `parts` | the parts, without brackets | members after `artifact` |
 * | reply | | the agent's Message | |
 *
 * A trailer starts with a comma or is empty, so that spliced text is valid JSON.
 */
export type TaskEvent = {
  /** Gapless from 1. */
  readonly seq: number
  /** Strictly increasing within a task, also when the clock is not. */
  readonly at: EpochMs
  readonly kind: EventKind
  /** The task's state after this event; `undefined` for `artifact` and `reply`. */
  readonly state?: TaskState
  /** `artifact` only. */
  readonly artifactId?: string
  readonly header: string
  readonly body: string
  readonly trailer: string
}

/** Approximate cost of holding an event, in bytes. */
export const eventBytes = (event: TaskEvent): number =>
  event.header.length + event.body.length + event.trailer.length + 64
