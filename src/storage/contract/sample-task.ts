import { agentId, contextId, newUuid, taskId } from '../../a2a/ids.ts'
import type { TaskEvent } from '../../tasks/task-event.ts'
import type { TaskHead } from '../../tasks/task-head.ts'
import type { ContextRecord, IdempotencyRecord, TaskCommit } from '../../tasks/task-store.ts'
import type { NewWork } from '../../work/work.ts'

/** The moment sample tasks begin. */
export const T0 = 1_750_000_000_000

export type Companions = Partial<Pick<TaskCommit, 'fence' | 'work' | 'done' | 'context' | 'idempotency'>>

export const newTaskId = () => taskId(newUuid())

export const sampleHead = (changes: Partial<TaskHead> = {}): TaskHead => ({
  id: newTaskId(),
  tenant: 'default',
  owner: 'key:alice',
  agentId: agentId('agent-1'),
  contextId: contextId('context-1'),
  phase: 'task',
  version: 1,
  seq: 1,
  createdAt: T0,
  at: T0,
  state: 'TASK_STATE_SUBMITTED',
  statusSeq: 1,
  statusAt: changes.at ?? T0,
  artifacts: [],
  bytes: 40,
  delivery: { unsent: [1] },
  ...changes,
})

export const sampleEvent = (changes: Partial<TaskEvent> = {}): TaskEvent => ({
  seq: 1,
  at: T0,
  kind: 'submitted',
  state: 'TASK_STATE_SUBMITTED',
  header: '',
  body: '{"messageId":"m-1","role":"ROLE_USER","parts":[{"text":"hello"}]}',
  trailer: '',
  ...changes,
})

/** The event's kind says which head follows from it; artifacts and replies leave the status as it is. */
export const statusEvent = (changes: Partial<TaskEvent> = {}): Partial<TaskEvent> => ({
  kind: 'status',
  state: 'TASK_STATE_WORKING',
  body: '',
  ...changes,
})

export const artifactEvent = (changes: Partial<TaskEvent> = {}): Partial<TaskEvent> => ({
  kind: 'artifact',
  artifactId: 'artifact-1',
  body: '{"text":"a"}',
  ...changes,
})

/** Makes a task with its first event. */
export function firstCommit(changes: Partial<TaskHead> = {}, companions: Companions = {}): TaskCommit {
  const head = sampleHead(changes)
  return { head, expectedVersion: 0, events: [sampleEvent({ at: head.at })], ...companions }
}

/** Takes the task on from `head` by some events, one millisecond apart unless they say otherwise. */
export function nextCommit(
  head: TaskHead,
  events: readonly Partial<TaskEvent>[],
  companions: Companions = {},
  changes: Partial<TaskHead> = {},
): TaskCommit {
  const added = events.map((event, index): TaskEvent => {
    const { state: _, ...blank } = sampleEvent()
    return { ...blank, at: head.at + index + 1, ...event, seq: head.seq + index + 1 }
  })
  const next = added.reduce(follow, head)
  return {
    head: { ...next, version: head.version + 1, ...changes },
    expectedVersion: head.version,
    events: added,
    ...companions,
  }
}

function follow(head: TaskHead, event: TaskEvent): TaskHead {
  const moved = { ...head, seq: event.seq, at: event.at }
  if (event.state === undefined) return moved
  return { ...moved, state: event.state, statusSeq: event.seq, statusAt: event.at }
}

export const sampleWork = (key: string, changes: Partial<NewWork> = {}): NewWork => ({
  kind: 'send',
  key,
  lane: 'agent-1',
  dueAt: T0,
  ...changes,
})

export const contextOf = (head: TaskHead, changes: Partial<ContextRecord> = {}): ContextRecord => ({
  tenant: head.tenant,
  owner: head.owner,
  agentId: head.agentId,
  contextId: head.contextId,
  createdAt: head.createdAt,
  lastAt: head.at,
  ...changes,
})

export const idempotencyOf = (
  head: TaskHead,
  changes: Partial<IdempotencyRecord> = {},
): IdempotencyRecord => ({
  scope: 'scope-1',
  bodyHash: 'body-1',
  taskId: head.id,
  seq: head.seq,
  expiresAt: head.at + 86_400_000,
  ...changes,
})
