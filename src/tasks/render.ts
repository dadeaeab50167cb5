/**
 * Wire JSON of events and tasks, spliced from stored text: content is never parsed and printed again.
 */
import { elementsOf, type JsonText, membersOf, objectText, textOf } from '../a2a/json-text.ts'
import type { StreamResponse, Task } from '../a2a/task.ts'
import type { TaskEvent } from './task-event.ts'
import type { ArtifactExtent, EpochMs, TaskHead } from './task-head.ts'

/** What a rendered event needs to know of its task. */
export type TaskIds = Pick<TaskHead, 'id' | 'contextId'>

/** RFC 3339 in UTC with milliseconds (A2A 1.0 §5.6.1). */
export const timestamp = (at: EpochMs): string => new Date(at).toISOString()

/** An event as a stream shows it. A client's own later message shows as the status change it caused. */
export function eventText(ids: TaskIds, event: TaskEvent): JsonText<StreamResponse> {
  switch (event.kind) {
    case 'submitted':
      return `{"task":{${idMembers('id', ids)},"status":${statusText(event)},"history":[${event.body}]}}`
    case 'message':
    case 'status':
      return `{"statusUpdate":{${idMembers('taskId', ids)},"status":${statusText(event)}${shownTrailer(event)}}}`
    case 'artifact':
      return `{"artifactUpdate":{${idMembers('taskId', ids)},"artifact":${artifactText(event.header, event.body)}${event.trailer}}}`
    case 'reply':
      return `{"message":${event.body}}`
  }
}

/** The trailer of a client's message is the rest of its request: for the agent, not for readers. */
const shownTrailer = (event: TaskEvent): string => (event.kind === 'status' ? event.trailer : '')

/** The status an event set. */
export function statusText(event: TaskEvent): string {
  const message = event.kind === 'status' && event.body !== '' ? `,"message":${event.body}` : ''
  return `{"state":"${event.state}"${message},"timestamp":"${timestamp(event.at)}"}`
}

export type TaskParts = {
  /** Events up to the head's seq that hold the task's content; others are ignored. */
  readonly events: readonly TaskEvent[]
  readonly artifacts: boolean
  /** At most this many of the newest messages; `undefined` is all of them, 0 leaves `history` out. */
  readonly historyLength?: number
}

/** The task as `head` says it stands. Empty `artifacts` and `history` are left out. */
export function taskText(head: TaskHead, parts: TaskParts): JsonText<Task> {
  const status = parts.events.find((event) => event.seq === head.statusSeq)
  const metadata = parts.events.find((event) => event.seq === head.metadataSeq)?.header
  const artifacts = parts.artifacts ? head.artifacts.map((extent) => assembled(extent, parts.events)) : []
  const history = historyOf(head, parts.events, parts.historyLength)
  return (
    `{${idMembers('id', head)},"status":${status === undefined ? bareStatus(head) : statusText(status)}` +
    (artifacts.length === 0 ? '' : `,"artifacts":[${artifacts.join(',')}]`) +
    (history.length === 0 ? '' : `,"history":[${history.join(',')}]`) +
    (metadata === undefined ? '' : `,"metadata":${metadata}`) +
    '}'
  )
}

const bareStatus = (head: TaskHead): string =>
  `{"state":"${head.state}","timestamp":"${timestamp(head.statusAt)}"}`

/**
 * Messages in order; the present status's own message is shown in `status` and joins the history when it is replaced.
 * A status that only repeats the message of the one before it adds nothing.
 */
function historyOf(head: TaskHead, events: readonly TaskEvent[], length: number | undefined): string[] {
  if (length === 0) return []
  const messages = events
    .filter((event) => event.kind !== 'artifact' && event.body !== '')
    .filter((event, at, all) => event.kind !== 'status' || event.body !== all[at + 1]?.body)
    .filter((event) => event.kind !== 'status' || event.seq !== head.statusSeq)
    .map((event) => event.body)
  return length === undefined ? messages : messages.slice(-length)
}

/** One artifact from the events of its extent: parts in order, members merged. */
export function assembled(extent: ArtifactExtent, events: readonly TaskEvent[]): string {
  const chunks = events.filter(
    (event) =>
      event.artifactId === extent.artifactId && event.seq >= extent.first && event.seq <= extent.last,
  )
  const parts = chunks.map((chunk) => chunk.body).filter((body) => body !== '')
  const header = mergedHeader(chunks.map((chunk) => `{${chunk.header}}`))
  return artifactText(header.slice(1, -1), parts.join(','))
}

/** One object from the members of all chunks. Later members win; `metadata` merges by key and `extensions` unite. */
export function mergedHeader(headers: readonly string[]): string {
  const members = new Map<string, string>()
  const metadata = new Map<string, string>()
  const extensions = new Set<string>()
  let before: string | undefined
  for (const header of headers) {
    // Most chunks repeat the header of the one before.
    if (header === before) continue
    before = header
    for (const [key, value] of membersOf(header)) {
      if (key === 'metadata') for (const [name, text] of membersOf(value)) metadata.set(name, text)
      if (key === 'extensions') for (const text of elementsOf(value)) extensions.add(text)
      members.set(key, value)
    }
  }
  if (members.has('metadata')) members.set('metadata', objectText(metadata))
  if (members.has('extensions')) members.set('extensions', `[${[...extensions].join(',')}]`)
  return objectText(members)
}

const artifactText = (header: string, parts: string): string =>
  `{${header}${header === '' ? '' : ','}"parts":[${parts}]}`

const idMembers = (name: 'id' | 'taskId', ids: TaskIds): string =>
  `"${name}":"${ids.id}","contextId":${textOf(ids.contextId)}`
