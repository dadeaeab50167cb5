import type { TaskId } from '../a2a/ids.ts'
import { isSettled, isTerminal } from '../a2a/task-state.ts'
import { ParleyError } from '../errors.ts'
import type { Events } from '../telemetry/events.ts'
import type { Fence, NewWork, WorkRef } from '../work/work.ts'
import { evolve, type NewEvent } from './evolve.ts'
import type { TaskLimits } from './limits.ts'
import type { EpochMs, TaskHead } from './task-head.ts'
import type { IdempotencyRecord, TaskCommit, TaskStore } from './task-store.ts'

/** What a decision wants written. Whatever it leaves out stays as it is. */
export type Draft = {
  readonly entries?: readonly NewEvent[]
  /** Changes to the head that no event carries; applied after the entries. */
  readonly head?: (head: TaskHead) => TaskHead
  readonly work?: readonly NewWork[]
  readonly done?: readonly WorkRef[]
  readonly context?: TaskCommit['context']
  readonly idempotency?: IdempotencyRecord
  readonly audit?: NonNullable<TaskCommit['audit']>
}

/**
 * - `written`: durable; `head` is as stored
 * - `unchanged`: the decision wanted nothing written
 * - `missing`: there is no such task
 * - `fenced`: the lease is lost; the writer must stop
 * - `duplicate`: the idempotency scope is taken
 */
export type WriteResult =
  | { readonly kind: 'written' | 'unchanged'; readonly head: TaskHead }
  | { readonly kind: 'missing' | 'fenced' }
  | { readonly kind: 'duplicate'; readonly record: IdempotencyRecord }

export type WriteDeps = {
  readonly store: TaskStore
  readonly events: Events
  readonly now: () => EpochMs
  readonly limits: TaskLimits
}

/** Contention on one task is between a handful of writers; more rounds than this is a defect. */
const MAX_ROUNDS = 100

/** Events that one commit takes, well below what a backend can write at once; a larger event goes alone. */
export const COMMIT_TARGET_EVENTS = 80
export const COMMIT_TARGET_BYTES = 2 * 1024 * 1024

/**
 * The one way to change a task: load, decide, commit; and when another writer was faster, again from the new head.
 * `decide` may run several times and must depend on nothing but the head it is given.
 */
export async function writeTask(
  deps: WriteDeps,
  id: TaskId,
  decide: (head: TaskHead) => Draft | undefined,
  fence?: Fence,
): Promise<WriteResult> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const head = await deps.store.findHead(id)
    if (head === undefined) return { kind: 'missing' }
    const draft = decide(head)
    if (draft === undefined) return { kind: 'unchanged', head }
    const commit = commitOf(deps, head, draft, fence)
    const result = await deps.store.commit(commit)
    if (result.kind === 'committed') {
      reportSettled(deps.events, head, commit.head)
      return { kind: 'written', head: commit.head }
    }
    if (result.kind !== 'conflict') return result
  }
  throw new ParleyError('conflict', 'The task is being changed by too many writers at once', {
    retryAfterMs: 1000,
  })
}

/** The commit that takes `head` where `draft` wants it, with what a terminal state entails. */
export function commitOf(
  deps: Pick<WriteDeps, 'now' | 'limits'>,
  head: TaskHead,
  draft: Draft,
  fence?: Fence,
): TaskCommit {
  const { head: evolved, events } = evolve(head, draft.entries ?? [], deps.now())
  const changed = draft.head === undefined ? evolved : draft.head(evolved)
  const ended = isOver(changed) && !isOver(head)
  const end = ended ? endOf(changed, deps.limits) : undefined
  return {
    head: { ...changed, ...(end === undefined ? {} : end.head), version: head.version + 1 },
    expectedVersion: head.version,
    events,
    work: [...(draft.work ?? []), ...(end?.work ?? [])],
    done: [...(draft.done ?? []), ...(end?.done ?? [])],
    ...(fence === undefined ? {} : { fence }),
    ...(draft.context === undefined ? {} : { context: draft.context }),
    ...(draft.idempotency === undefined ? {} : { idempotency: draft.idempotency }),
    ...(draft.audit === undefined ? {} : { audit: draft.audit }),
  }
}

/** Nothing more can happen: the task is terminal, or the exchange ended as a plain Message. */
const isOver = (head: TaskHead): boolean => head.phase === 'message' || isTerminal(head.state)

/** Nothing is delivered any more, and the deadline becomes the end of retention. */
function endOf(head: TaskHead, limits: TaskLimits) {
  const { sending: _, ...delivery } = head.delivery
  return {
    head: { delivery: { ...delivery, unsent: [] } },
    done: [
      { kind: 'send', key: head.id },
      { kind: 'cancel', key: head.id },
    ] satisfies WorkRef[],
    work: [deadlineWork(head.id, head.at + limits.retentionMs)],
  }
}

/** The task's next deadline: no progress while it is active, the end of retention once it is over. */
export const deadlineWork = (id: TaskId, dueAt: EpochMs): NewWork => ({
  kind: 'deadline',
  key: id,
  lane: 'deadline',
  dueAt,
})

function reportSettled(events: Events, before: TaskHead, after: TaskHead): void {
  if (after.statusSeq === before.statusSeq || !isSettled(after.state)) return
  events.taskSettled({
    taskId: after.id,
    agentId: after.agentId,
    tenant: after.tenant,
    state: after.state,
    durationMs: after.at - after.createdAt,
    ...(after.traceparent === undefined ? {} : { traceparent: after.traceparent }),
  })
}
