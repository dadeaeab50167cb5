import { canFollow, isTerminal } from '../a2a/task-state.ts'
import type { TaskEvent } from './task-event.ts'
import type { ArtifactExtent, EpochMs, TaskHead } from './task-head.ts'

/** An event before the log gives it a place. */
export type NewEvent = Omit<TaskEvent, 'seq' | 'at'> & {
  /** `artifact` only: add to the artifact instead of replacing it. */
  readonly append?: boolean
}

export type Evolved = { readonly head: TaskHead; readonly events: readonly TaskEvent[] }

/**
 * The head and the log after `entries`. Pure: the same inputs give the same outputs, and nothing is written.
 *
 * Time never runs backwards (`at = max(now, previous + 1)`). What the state table forbids is dropped: nothing
 * follows a terminal state, and a late or repeated status of an agent changes nothing.
 */
export function evolve(head: TaskHead, entries: readonly NewEvent[], now: EpochMs): Evolved {
  const events: TaskEvent[] = []
  let current = head
  for (const entry of entries) {
    if (!isAllowed(current, entry)) continue
    const { append, ...rest } = entry
    const event: TaskEvent = { ...rest, seq: current.seq + 1, at: Math.max(now, current.at + 1) }
    events.push(event)
    current = applied(current, event, append === true)
  }
  return { head: current, events }
}

function isAllowed(head: TaskHead, entry: NewEvent): boolean {
  if (head.phase === 'message') return false
  if (head.seq === 0) return entry.kind === 'submitted'
  if (isTerminal(head.state)) return false
  return entry.state === undefined || canFollow(head.state, entry.state)
}

function applied(head: TaskHead, event: TaskEvent, append: boolean): TaskHead {
  const moved = { ...head, seq: event.seq, at: event.at, bytes: head.bytes + textBytes(event) }
  if (event.kind === 'artifact') return withArtifact(moved, event, append)
  if (event.kind === 'reply') return { ...moved, phase: 'message' }
  return {
    ...moved,
    ...(event.state === undefined ? {} : { state: event.state, statusSeq: event.seq, statusAt: event.at }),
    ...(event.kind === 'status' && event.header !== '' ? { metadataSeq: event.seq } : {}),
    ...(event.kind === 'status'
      ? {}
      : { delivery: { ...head.delivery, unsent: [...head.delivery.unsent, event.seq] } }),
  }
}

function withArtifact(head: TaskHead, event: TaskEvent, append: boolean): TaskHead {
  const artifactId = event.artifactId ?? ''
  const size = textBytes(event)
  const known = head.artifacts.find((extent) => extent.artifactId === artifactId)
  const extent: ArtifactExtent =
    known !== undefined && append
      ? { ...known, last: event.seq, bytes: known.bytes + size }
      : { artifactId, first: event.seq, last: event.seq, bytes: size }
  if (known === undefined) return { ...head, artifacts: [...head.artifacts, extent] }
  return {
    ...head,
    bytes: append ? head.bytes : head.bytes - known.bytes,
    artifacts: head.artifacts.map((other) => (other === known ? extent : other)),
  }
}

/** Whatever others wrote counts, wherever in the event it stands. */
const textBytes = ({ header, body, trailer }: TaskEvent): number =>
  Buffer.byteLength(body) + Buffer.byteLength(header) + Buffer.byteLength(trailer)
