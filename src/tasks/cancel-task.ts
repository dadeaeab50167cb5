import type { JsonText } from '../a2a/json-text.ts'
import type { Task } from '../a2a/task.ts'
import { isTerminal } from '../a2a/task-state.ts'
import { auditOf } from '../access/audit/audit-record.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { TasksDeps } from './deps.ts'
import { getOwnHead, taskNotFound } from './own-task.ts'
import { readTask } from './read-task.ts'
import type { TaskHead } from './task-head.ts'
import { type Draft, writeTask } from './write-task.ts'

/** Longer metadata would not fit a task's head. */
const MAX_METADATA_BYTES = 8 * 1024

/**
 * Cancels a task: at once when no agent has heard of it, else by asking the agent, whose answer decides. Repeating
 * it changes nothing; of a cancel and a completion that race, the first to be written wins.
 */
export async function cancelTask(
  deps: TasksDeps,
  call: Call,
  agentRef: string,
  request: { readonly id: string; readonly metadata?: JsonText<object> },
): Promise<JsonText<Task>> {
  const agent = await deps.registry.get(call, agentRef, 'cancel', 'CancelTask')
  const own = await getOwnHead(deps, call, agent, request.id)
  if (Buffer.byteLength(request.metadata ?? '') > MAX_METADATA_BYTES) {
    throw new ParleyError('invalid_params', `/metadata is larger than ${MAX_METADATA_BYTES} bytes`)
  }
  using watch = deps.news.watch(own.id)
  const result = await writeTask(deps, own.id, (head) => {
    const now = deps.now()
    const draft = draftOf(head, now, request.metadata)
    return draft && { ...draft, audit: [auditOf(call, 'task.cancel', { kind: 'task', id: head.id }, now)] }
  })
  if (result.kind !== 'written' && result.kind !== 'unchanged') throw taskNotFound(request.id)
  const head = await outcome(deps, call, result.head, watch)
  return readTask(deps.store, head, { artifacts: true })
}

function draftOf(head: TaskHead, now: number, metadata: string | undefined): Draft | undefined {
  if (head.state === 'TASK_STATE_CANCELED') return undefined
  if (isTerminal(head.state)) throw notCancelable(head)
  if (!mayBeWithAgent(head)) {
    return { entries: [{ kind: 'status', state: 'TASK_STATE_CANCELED', header: '', body: '', trailer: '' }] }
  }
  const pending = head.delivery.cancel
  if (pending !== undefined && pending.refused === undefined) return undefined
  return {
    head: (known) => ({
      ...known,
      delivery: { ...known.delivery, cancel: { at: now, ...(metadata === undefined ? {} : { metadata }) } },
    }),
    work: [{ kind: 'cancel', key: head.id, lane: head.agentId, dueAt: now }],
  }
}

const mayBeWithAgent = ({ delivery }: TaskHead): boolean =>
  delivery.agentTaskId !== undefined || delivery.sending !== undefined

/** Waits for the agent's answer, but no longer than the limit: then the task as it stands. */
async function outcome(
  deps: TasksDeps,
  call: Call,
  start: TaskHead,
  watch: { changed(signal: AbortSignal): Promise<void> },
): Promise<TaskHead> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), deps.limits.cancelWaitMs)
  const signal = AbortSignal.any([call.signal, deps.stopping, limit.signal])
  try {
    for (let head = start; ; ) {
      if (head.state === 'TASK_STATE_CANCELED') return head
      if (isTerminal(head.state)) throw notCancelable(head)
      const refused = head.delivery.cancel?.refused
      if (refused !== undefined) throw notCancelable(head)
      const over = await watch.changed(signal).then(
        () => false,
        () => true,
      )
      call.signal.throwIfAborted()
      head = (await deps.store.findHead(head.id)) ?? head
      if (over) return head
    }
  } finally {
    clearTimeout(timer)
  }
}

const notCancelable = (head: TaskHead): ParleyError =>
  new ParleyError(
    'task_not_cancelable',
    isTerminal(head.state) ? 'The task has already ended' : 'The agent did not cancel the task',
    { details: { taskId: head.id, state: head.state } },
  )
