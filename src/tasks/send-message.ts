import type { JsonText } from '../a2a/json-text.ts'
import type { SendMessageRequest } from '../a2a/requests.ts'
import type { SendMessageResponse } from '../a2a/task.ts'
import type { Wire } from '../a2a/wire.ts'
import type { Call } from '../access/principal.ts'
import type { TasksDeps } from './deps.ts'
import { taskNotFound } from './own-task.ts'
import { firstSettled, headAt, readTask } from './read-task.ts'
import { taskText } from './render.ts'
import { type Submission, submitMessage } from './submit-message.ts'
import type { TaskHead } from './task-head.ts'
import type { SendOptions } from './tasks.ts'
import { writeTask } from './write-task.ts'

/** Accepts a message and answers at once, or when the task settles, or when the maximum wait is over. */
export async function sendMessage(
  deps: TasksDeps,
  call: Call,
  agentRef: string,
  request: Wire<SendMessageRequest>,
  options: SendOptions,
): Promise<JsonText<SendMessageResponse>> {
  const agent = await deps.registry.get(call, agentRef, 'invoke', 'SendMessage')
  const { returnImmediately = false, historyLength } = request.value.configuration ?? {}
  const submission = await submitMessage(deps, call, agent, request, {
    ...options,
    decided: returnImmediately,
  })
  const view = { artifacts: true, ...(historyLength === undefined ? {} : { historyLength }) }
  if (!returnImmediately) return awaitAnswer(deps, call, submission, view, options)
  const { head = await loadedAt(deps, submission, submission.seq), log } = submission
  const task =
    log === undefined ? await readTask(deps.store, head, view) : taskText(head, { events: log, ...view })
  return `{"task":${task}}`
}

type View = Parameters<typeof readTask>[2]

/**
 * The answer of a blocking send: the agent's Message, or the task as it stood when it first settled after this
 * message; when the wait ends before that, the task as it stands, and every repetition of the request gets the same.
 */
async function awaitAnswer(
  deps: TasksDeps,
  call: Call,
  submission: Submission,
  view: View,
  options: SendOptions,
): Promise<JsonText<SendMessageResponse>> {
  using watch = deps.news.watch(submission.taskId)
  using wait = waitOf(deps, call)
  let looked = submission.seq
  for (;;) {
    const latest = await latestOf(deps, submission)
    const head = await deps.store.findHead(submission.taskId)
    if (head === undefined) throw taskNotFound(submission.taskId)
    const answer = await answerOf(deps, head, latest, view, looked)
    if (answer !== undefined) {
      tellActivated(head, submission, options)
      return answer
    }
    looked = head.seq
    const over = await watch.changed(wait.signal).then(
      () => false,
      () => true,
    )
    if (!over) continue
    const decided = await decideAsTask(deps, submission, call.signal.aborted ? undefined : 'answered')
    call.signal.throwIfAborted()
    tellActivated(decided, submission, options)
    return (
      (await answerOf(deps, decided, submission, view, looked)) ??
      `{"task":${await readTask(deps.store, decided, view)}}`
    )
  }
}

/** Passes on which extensions the agent activated for this message, if it has said so by now. */
export function tellActivated(head: TaskHead, { seq }: Submission, options: SendOptions): void {
  const { activated } = head.delivery
  if (activated?.seq === seq) options.onActivated?.(activated.uris)
}

/** The record as it is now: once a wait for the same request is over, its answer is everybody's. */
async function latestOf(deps: TasksDeps, submission: Submission): Promise<Submission> {
  const { record } = submission
  if (record === undefined || record.answeredSeq !== undefined) return submission
  const stored = await deps.store.findIdempotency(record.scope, deps.now())
  const isSame = stored?.taskId === record.taskId && stored.seq === record.seq
  return isSame ? { ...submission, record: stored } : submission
}

/** The answer, if there is one. The events up to `after` were looked at before and settled nothing. */
async function answerOf(
  deps: TasksDeps,
  head: TaskHead,
  submission: Submission,
  view: View,
  after: number,
): Promise<JsonText<SendMessageResponse> | undefined> {
  if (head.phase === 'undecided') return undefined
  if (head.phase === 'message') {
    const [reply] = await deps.store.readEvents(head.id, { kinds: ['reply'] })
    return `{"message":${reply?.body ?? '{}'}}`
  }
  const seq = submission.record?.answeredSeq ?? (await firstSettled(deps.store, head, after))?.seq
  if (seq === undefined) return undefined
  return `{"task":${await readTask(deps.store, await headAt(deps.store, head, seq), view)}}`
}

/** Nobody waits for the agent's first answer any more, so the exchange is a task from here on. */
export async function decideAsTask(
  deps: TasksDeps,
  submission: Submission,
  outcome?: 'answered',
): Promise<TaskHead> {
  const result = await writeTask(deps, submission.taskId, (head) => {
    const { record } = submission
    const answered = outcome === 'answered' && record !== undefined && head.phase !== 'message'
    if (head.phase !== 'undecided' && !answered) return undefined
    return {
      head: (known) => (known.phase === 'undecided' ? { ...known, phase: 'task' } : known),
      ...(answered ? { idempotency: { ...record, answeredSeq: head.seq } } : {}),
    }
  })
  if (result.kind === 'written' || result.kind === 'unchanged') return result.head
  throw taskNotFound(submission.taskId)
}

async function loadedAt(deps: TasksDeps, submission: Submission, seq: number): Promise<TaskHead> {
  const head = await deps.store.findHead(submission.taskId)
  if (head === undefined) throw taskNotFound(submission.taskId)
  return headAt(deps.store, head, seq)
}

/** Ends when the caller leaves, the process stops, or the maximum wait is over. */
export function waitOf(deps: TasksDeps, call: Call): { readonly signal: AbortSignal } & Disposable {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), deps.limits.maxWaitMs)
  return {
    signal: AbortSignal.any([call.signal, deps.stopping, limit.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}
