import type { SendMessageRequest } from '../a2a/requests.ts'
import { isTerminal } from '../a2a/task-state.ts'
import type { Wire } from '../a2a/wire.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { TasksDeps } from './deps.ts'
import { followLog } from './follow-log.ts'
import { getOwnHead, taskNotFound } from './own-task.ts'
import { headAt, readArtifact, readTask, type TaskView } from './read-task.ts'
import { eventText } from './render.ts'
import { decideAsTask, tellActivated, waitOf } from './send-message.ts'
import { type Submission, submitMessage } from './submit-message.ts'
import type { TaskHead } from './task-head.ts'
import type { SendOptions, StreamFrame, TaskStream } from './tasks.ts'

/** Accepts a message and streams what comes of it: the agent's Message, or the task and its events until it settles. */
export async function sendStreamingMessage(
  deps: TasksDeps,
  call: Call,
  agentRef: string,
  request: Wire<SendMessageRequest>,
  options: SendOptions,
): Promise<TaskStream> {
  const agent = await deps.registry.get(call, agentRef, 'invoke', 'SendStreamingMessage')
  const submission = await submitMessage(deps, call, agent, request, { ...options, decided: false })
  const frames = streamOf(deps, call, submission, request.value.configuration?.historyLength, options)
  return Object.assign(frames, { taskId: submission.taskId })
}

/** Streams a task that exists. See `Tasks.subscribeToTask`. */
export async function subscribeToTask(
  deps: TasksDeps,
  call: Call,
  agentRef: string,
  request: { readonly id: string; readonly afterSeq?: number },
): Promise<TaskStream> {
  const agent = await deps.registry.get(call, agentRef, 'read', 'SubscribeToTask')
  const head = await getOwnHead(deps, call, agent, request.id)
  if (request.afterSeq === undefined) {
    if (isTerminal(head.state)) {
      throw new ParleyError('unsupported_operation', 'The task has ended; get it instead', {
        details: { taskId: head.id },
      })
    }
    return Object.assign(fromSnapshot(deps, call, head, {}, isTerminal), { taskId: head.id })
  }
  if (request.afterSeq > head.seq) {
    throw new ParleyError('invalid_params', `Last-Event-ID is beyond the task's newest event, ${head.seq}`)
  }
  return Object.assign(framesAfter(deps, call, head, request.afterSeq, isTerminal), { taskId: head.id })
}

async function* streamOf(
  deps: TasksDeps,
  call: Call,
  submission: Submission,
  historyLength: number | undefined,
  options: SendOptions,
): AsyncGenerator<StreamFrame, void, undefined> {
  const head = await decision(deps, call, submission)
  tellActivated(head, submission, options)
  if (head.phase === 'message') {
    const [reply] = await deps.store.readEvents(head.id, { kinds: ['reply'] })
    if (reply !== undefined) yield { seq: reply.seq, event: eventText(head, reply) }
    return
  }
  const start = await headAt(deps.store, head, submission.seq)
  yield* fromSnapshot(deps, call, start, historyLength === undefined ? {} : { historyLength }, endsSendStream)
}

/** A stream that a send opened ends where the client must act; only new credentials may come while it is open (§7.6.1). */
const endsSendStream: typeof isTerminal = (state) =>
  isTerminal(state) || state === 'TASK_STATE_INPUT_REQUIRED'

/** Waits until the agent's first answer has decided what the exchange is, and decides when nobody waits any more. */
async function decision(deps: TasksDeps, call: Call, submission: Submission): Promise<TaskHead> {
  using watch = deps.news.watch(submission.taskId)
  using wait = waitOf(deps, call)
  for (;;) {
    const head = await deps.store.findHead(submission.taskId)
    if (head === undefined) throw taskNotFound(submission.taskId)
    if (head.phase !== 'undecided') return head
    const over = await watch.changed(wait.signal).then(
      () => false,
      () => true,
    )
    if (!over) continue
    const decided = await decideAsTask(deps, submission)
    call.signal.throwIfAborted()
    return decided
  }
}

/** The task as `head` stands, then every later event. A task too large for one event is sent in pieces. */
async function* fromSnapshot(
  deps: TasksDeps,
  call: Call,
  head: TaskHead,
  view: Pick<TaskView, 'historyLength'>,
  endsAt: typeof isTerminal,
): AsyncGenerator<StreamFrame, void, undefined> {
  yield* snapshot(deps, head, view)
  // As in `framesAfter`: one generator less for each of many readers.
  for await (const event of followLog(deps, head.id, head.seq, call.signal)) {
    yield { seq: event.seq, event: eventText(head, event) }
    if (event.state !== undefined && endsAt(event.state)) return
  }
}

/** Apart from what follows it, so that a reader does not keep it for as long as it reads. */
async function* snapshot(
  deps: TasksDeps,
  head: TaskHead,
  view: Pick<TaskView, 'historyLength'>,
): AsyncGenerator<StreamFrame, void, undefined> {
  const whole = head.bytes <= deps.limits.maxSnapshotBytes
  const task = await readTask(deps.store, head, { artifacts: whole, ...view })
  const frame = { seq: head.seq, event: `{"task":${task}}` }
  yield* whole ? [frame] : inPieces(deps, head, frame)
}

/** Only the last piece has a place to resume from: a reader cut off before it starts again with a snapshot. */
async function* inPieces(
  deps: TasksDeps,
  head: TaskHead,
  first: StreamFrame,
): AsyncGenerator<StreamFrame, void, undefined> {
  let frame = first
  for (const extent of head.artifacts) {
    for await (const event of readArtifact(deps.store, head.id, extent)) {
      yield { event: frame.event }
      frame = { seq: head.seq, event: eventText(head, event) }
    }
  }
  yield frame
}

async function* framesAfter(
  deps: TasksDeps,
  call: Call,
  head: TaskHead,
  afterSeq: number,
  endsAt: typeof isTerminal,
): AsyncGenerator<StreamFrame, void, undefined> {
  for await (const event of followLog(deps, head.id, afterSeq, call.signal)) {
    yield { seq: event.seq, event: eventText(head, event) }
    if (event.state !== undefined && endsAt(event.state)) return
  }
}
