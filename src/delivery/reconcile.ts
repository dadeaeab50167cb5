/** An agent's snapshot of a task against our log: the events that bring the log up to date. */
import { elementsOf, type JsonText, membersOf, withMembers } from '../a2a/json-text.ts'
import type { Message } from '../a2a/message.ts'
import type { Task } from '../a2a/task.ts'
import { canFollow, isInterrupted, type TaskState } from '../a2a/task-state.ts'
import type { Wire } from '../a2a/wire.ts'
import type { NewEvent } from '../tasks/evolve.ts'
import { readArtifact } from '../tasks/read-task.ts'
import { mergedHeader } from '../tasks/render.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import type { TaskStore } from '../tasks/task-store.ts'
import { artifactEntry, ourMessage, statusEntry } from './translate.ts'

/** Artifacts of a snapshot are written in events of about this size, where their parts allow it. */
const CHUNK_BYTES = 1024 * 1024

/**
 * What the log lacks, oldest first: agent messages it has not seen, artifacts that are new or have grown or changed,
 * and the status. Empty when nothing is new.
 */
export async function reconcile(
  store: TaskStore,
  head: TaskHead,
  snapshot: Wire<Task>,
): Promise<readonly NewEvent[]> {
  const members = membersOf(snapshot.text)
  const [messages, artifacts] = await Promise.all([
    unseenMessages(store, head, snapshot.value, members.get('history')),
    changedArtifacts(store, head, snapshot.value, members.get('artifacts')),
  ])
  const status = await changedStatus(store, head, snapshot.value, members, messages.length > 0)
  return [...messages, ...artifacts, ...status]
}

async function unseenMessages(
  store: TaskStore,
  head: TaskHead,
  task: Task,
  text: string | undefined,
): Promise<readonly NewEvent[]> {
  const state: TaskState = 'TASK_STATE_WORKING'
  const history = task.history ?? []
  const hasOwn = history.some((message) => message.role === 'ROLE_AGENT')
  if (text === undefined || !hasOwn || !canFollow(head.state, state)) return []
  const seen = await seenMessageIds(store, head)
  if (task.status.message !== undefined) seen.add(task.status.message.messageId)
  return elementsOf(text).flatMap((message, index): NewEvent[] => {
    const known = history[index]
    if (known?.role !== 'ROLE_AGENT' || seen.has(known.messageId)) return []
    seen.add(known.messageId)
    return [{ kind: 'status', state, header: '', body: ourMessage(head, message, head.id), trailer: '' }]
  })
}

async function seenMessageIds(store: TaskStore, head: TaskHead): Promise<Set<string>> {
  const events = await store.readEvents(head.id, { kinds: ['submitted', 'message', 'status'] })
  return new Set(events.filter(({ body }) => body !== '').map(({ body }) => messageIdOf(body)))
}

const messageIdOf = (text: JsonText<Message>): string =>
  JSON.parse(membersOf(text).get('messageId') ?? '""') as string

async function changedArtifacts(
  store: TaskStore,
  head: TaskHead,
  task: Task,
  text: string | undefined,
): Promise<readonly NewEvent[]> {
  if (text === undefined) return []
  const entries: NewEvent[] = []
  for (const [index, artifact] of elementsOf(text).entries()) {
    const artifactId = task.artifacts?.[index]?.artifactId ?? ''
    const members = membersOf(artifact)
    const parts = elementsOf(members.get('parts') ?? '[]')
    const header = withMembers(artifact, { parts: undefined })
    const known = await knownArtifact(store, head, artifactId)
    const isPrefix = known?.parts.every((part, at) => part === canonical(parts[at])) ?? false
    const isSame = known !== undefined && sorted(known.header) === sorted(header)
    if (isSame && isPrefix && known.parts.length === parts.length) continue
    // What is appended merges into what is there; a member that went away takes a replacement.
    const merges = known !== undefined && sorted(mergedHeader([known.header, header])) === sorted(header)
    const append = isPrefix && merges
    entries.push(...chunked(artifact, artifactId, append ? parts.slice(known?.parts.length) : parts, append))
  }
  return entries
}

/** An artifact as the log has it: its parts, and its other members as one object. */
async function knownArtifact(
  store: TaskStore,
  head: TaskHead,
  artifactId: string,
): Promise<{ readonly parts: readonly string[]; readonly header: string } | undefined> {
  const extent = head.artifacts.find((known) => known.artifactId === artifactId)
  if (extent === undefined) return undefined
  const parts: string[] = []
  const headers: string[] = []
  for await (const event of readArtifact(store, head.id, extent)) {
    parts.push(...elementsOf(`[${event.body}]`).map(canonical))
    const header = `{${event.header}}`
    if (header !== headers.at(-1)) headers.push(header)
  }
  return { parts, header: mergedHeader(headers) }
}

/** The same JSON value printed by two programs compares equal. */
const canonical = (text: string | undefined): string =>
  text === undefined ? '' : JSON.stringify(JSON.parse(text))

/** The same, whatever the order of members. For small values. */
const sorted = (text: string): string =>
  JSON.stringify(JSON.parse(text), (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )

/** The parts as one event, or as several where one would be large: the first as `append` says, the others appended. */
function chunked(
  artifact: string,
  artifactId: string,
  parts: readonly string[],
  append: boolean,
): readonly NewEvent[] {
  const groups: string[][] = [[]]
  let bytes = 0
  for (const part of parts) {
    if (bytes > 0 && bytes + part.length > CHUNK_BYTES) {
      groups.push([])
      bytes = 0
    }
    groups.at(-1)?.push(part)
    bytes += part.length
  }
  return groups.map((group, index) => ({
    ...artifactEntry(artifact, artifactId, {
      append: append || index > 0,
      lastChunk: groups.length > 1 && index === groups.length - 1,
    }),
    body: group.join(','),
  }))
}

async function changedStatus(
  store: TaskStore,
  head: TaskHead,
  task: Task,
  members: ReadonlyMap<string, string>,
  isMoved: boolean,
): Promise<readonly NewEvent[]> {
  const text = members.get('status') ?? '{}'
  const metadata = members.get('metadata')
  const { state, message } = task.status
  const [current] = await store.readEvents(head.id, { after: head.statusSeq - 1, upTo: head.statusSeq })
  const shown = current?.kind === 'status' && current.body !== '' ? messageIdOf(current.body) : undefined
  const isSame = !isMoved && state === head.state && message?.messageId === shown
  if (!isSame && (await isBeforeMessage(store, head, task))) return []
  const known = await knownMetadata(store, head)
  if (isSame && (metadata === undefined || known === sorted(metadata))) return []
  return [statusEntry(head, { state, text }, undefined, metadata)]
}

/** While a client's answer to an interruption is being sent, an agent may first show the interruption once more. */
async function isBeforeMessage(store: TaskStore, head: TaskHead, { status }: Task): Promise<boolean> {
  const { sending } = head.delivery
  if (sending === undefined || status.message === undefined || !isInterrupted(status.state)) return false
  const upTo = sending.seq - 1
  const [asked] = await store.readEvents(head.id, { upTo, kinds: ['status'], newest: 1 })
  return asked?.state === status.state && messageIdOf(asked.body) === status.message.messageId
}

async function knownMetadata(store: TaskStore, head: TaskHead): Promise<string | undefined> {
  if (head.metadataSeq === undefined) return undefined
  const [event] = await store.readEvents(head.id, { after: head.metadataSeq - 1, upTo: head.metadataSeq })
  return event && sorted(event.header)
}
