import type { JsonText } from '../a2a/json-text.ts'
import type { Task } from '../a2a/task.ts'
import { isSettled } from '../a2a/task-state.ts'
import { evolve } from './evolve.ts'
import { taskText } from './render.ts'
import type { EventKind, TaskEvent } from './task-event.ts'
import type { ArtifactExtent, TaskHead } from './task-head.ts'
import type { TaskStore } from './task-store.ts'

export type TaskView = { readonly artifacts: boolean; readonly historyLength?: number }

/** A log up to this size is read whole; of a longer one only what the task still consists of. */
const WHOLE_LOG_BYTES = 256 * 1024

const MESSAGE_KINDS: readonly EventKind[] = ['submitted', 'message', 'status']

/** The task as `head` says it stands. The log is append-only, so reading it after the head is consistent. */
export async function readTask(store: TaskStore, head: TaskHead, view: TaskView): Promise<JsonText<Task>> {
  const events = await contentOf(store, head, view)
  return taskText(head, { events, ...view })
}

async function contentOf(store: TaskStore, head: TaskHead, view: TaskView): Promise<readonly TaskEvent[]> {
  if (!view.artifacts || head.artifacts.length === 0) return readMessages(store, head, view)
  const whole = await store.readEvents(head.id, { upTo: head.seq, maxBytes: WHOLE_LOG_BYTES })
  if (whole.at(-1)?.seq === head.seq) return whole
  const messages = await readMessages(store, head, view)
  const artifacts = await Promise.all(
    head.artifacts.map(({ artifactId, first, last }) =>
      store.readEvents(head.id, { after: first - 1, upTo: last, artifactId }),
    ),
  )
  return [...messages, ...artifacts.flat()]
}

const PIECE_BYTES = 1024 * 1024

/** The events an artifact consists of, oldest first, a page at a time. */
export async function* readArtifact(
  store: TaskStore,
  id: TaskHead['id'],
  { artifactId, first, last }: ArtifactExtent,
): AsyncGenerator<TaskEvent, void, undefined> {
  let after = first - 1
  while (after < last) {
    const page = await store.readEvents(id, { after, upTo: last, artifactId, maxBytes: PIECE_BYTES })
    yield* page
    after = page.at(-1)?.seq ?? last
  }
}

async function readMessages(store: TaskStore, head: TaskHead, view: TaskView): Promise<readonly TaskEvent[]> {
  const upTo = head.seq
  const { historyLength } = view
  if (historyLength === undefined) return store.readEvents(head.id, { upTo, kinds: MESSAGE_KINDS })
  const needed = [head.statusSeq, ...(head.metadataSeq === undefined ? [] : [head.metadataSeq])]
  const [history, ...singles] = await Promise.all([
    historyLength === 0
      ? []
      : store.readEvents(head.id, { upTo, kinds: MESSAGE_KINDS, newest: historyLength + 1 }),
    ...needed.map((seq) => store.readEvents(head.id, { after: seq - 1, upTo: seq })),
  ])
  const bySeq = new Map([...singles.flat(), ...history].map((event) => [event.seq, event]))
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq)
}

/** The head as it stood right after event `seq`, recomputed from the log. */
export async function headAt(store: TaskStore, head: TaskHead, seq: number): Promise<TaskHead> {
  if (seq >= head.seq) return head
  let past: TaskHead = emptyHead(head)
  while (past.seq < seq) {
    const page = await store.readEvents(head.id, { after: past.seq, upTo: seq, maxBytes: 1024 * 1024 })
    if (page.length === 0) return head
    for (const event of page) {
      past = evolve(past, [{ ...event, append: isAppended(event) }], event.at).head
    }
  }
  return past
}

/** The head before its first event. */
function emptyHead(head: TaskHead): TaskHead {
  const { metadataSeq: _, ...rest } = head
  return {
    ...rest,
    phase: 'task',
    seq: 0,
    at: 0,
    state: 'TASK_STATE_SUBMITTED',
    statusSeq: 0,
    statusAt: 0,
    artifacts: [],
    bytes: 0,
    delivery: { unsent: [] },
  }
}

/** Artifact flags live in the trailer, where readers see them too. */
const isAppended = (event: TaskEvent): boolean => event.trailer.startsWith(',"append":true')

/** The first event after `after` at which the task settled, if it did. */
export async function firstSettled(
  store: TaskStore,
  head: TaskHead,
  after: number,
): Promise<TaskEvent | undefined> {
  const events = await store.readEvents(head.id, { after, upTo: head.seq, kinds: ['status'] })
  return events.find((event) => event.state !== undefined && isSettled(event.state))
}
