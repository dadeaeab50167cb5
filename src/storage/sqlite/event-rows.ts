import type { TaskId } from '../../a2a/ids.ts'
import { TASK_STATES } from '../../a2a/task-state.ts'
import { EVENT_KINDS, type EventKind, eventBytes, type TaskEvent } from '../../tasks/task-event.ts'
import type { EventSelection } from '../../tasks/task-store.ts'
import { integerIn, textIn, textOrNullIn } from './columns.ts'
import type { Connection, Param, Row } from './connection.ts'

export const EVENT_COLUMNS = 'id & 0xffffffff AS seq, at, kind, state, artifact_id, header, body, trailer'

const INSERT = `
  INSERT INTO events (id, at, kind, state, artifact_id, has_body, header, trailer, body)
  VALUES ((?1 << 32) | ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)`

const MAX_SEQ = 2 ** 32 - 1

/** Kinds are a closed list, so they stand in the statement, which is then compiled once. */
const KIND_LITERALS: Readonly<Record<EventKind, string>> = {
  submitted: "'submitted'",
  message: "'message'",
  status: "'status'",
  artifact: "'artifact'",
  reply: "'reply'",
}

export interface EventRows {
  /** `n` is the task's number. */
  insert(n: number, event: TaskEvent): void
  read(id: TaskId, selection: EventSelection): readonly TaskEvent[]
  deleteAll(n: number): void
}

export const createEventRows = (connection: Connection): EventRows => ({
  insert(n, { seq, at, kind, state, artifactId, header, body, trailer }) {
    const hasBody = body === '' ? 0 : 1
    connection.run(
      INSERT,
      n,
      seq,
      at,
      kind,
      state ?? null,
      artifactId ?? null,
      hasBody,
      header,
      trailer,
      body,
    )
  },
  read(id, selection) {
    const { sql, params } = queryOf(id, selection)
    if (selection.newest !== undefined) {
      const events = connection
        .all(sql, ...params)
        .map(eventIn)
        .reverse()
      return selection.maxBytes === undefined ? events : takeWithin(events, selection.maxBytes)
    }
    if (selection.maxBytes === undefined) return connection.all(sql, ...params).map(eventIn)
    return takeWithin(eventsOf(connection.iterate(sql, ...params)), selection.maxBytes)
  },
  deleteAll(n) {
    connection.run('DELETE FROM events WHERE id BETWEEN (?1 << 32) AND ((?1 << 32) | 0xffffffff)', n)
  },
})

export function eventIn(row: Row): TaskEvent {
  const stateText = textOrNullIn(row, 'state')
  const state = TASK_STATES.find((known) => known === stateText)
  const kindText = textIn(row, 'kind')
  const kind = EVENT_KINDS.find((known) => known === kindText)
  if (kind === undefined) throw new TypeError('An event of an unknown kind is stored')
  const artifactId = textOrNullIn(row, 'artifact_id')
  return {
    seq: integerIn(row, 'seq'),
    at: integerIn(row, 'at'),
    kind,
    ...(state === undefined ? {} : { state }),
    ...(artifactId === undefined ? {} : { artifactId }),
    header: textIn(row, 'header'),
    body: textIn(row, 'body'),
    trailer: textIn(row, 'trailer'),
  }
}

type Query = { readonly sql: string; readonly params: readonly Param[] }

function queryOf(id: TaskId, { after = 0, upTo, kinds, artifactId, newest }: EventSelection): Query {
  const base = '((SELECT n FROM tasks WHERE id = ?1) << 32)'
  const conditions = [`id > ${base} + ?2`, `id <= ${base} + ?3`]
  const params: Param[] = [id, Math.min(after, MAX_SEQ), Math.min(upTo ?? MAX_SEQ, MAX_SEQ)]
  const param = (value: Param) => `?${params.push(value)}`
  if (kinds !== undefined) {
    conditions.push(`kind IN (${kinds.map((kind) => KIND_LITERALS[kind]).join(', ')})`)
  }
  if (artifactId !== undefined) conditions.push(`artifact_id = ${param(artifactId)}`)
  if (newest !== undefined) conditions.push('has_body = 1')
  const order = newest === undefined ? 'ORDER BY id' : `ORDER BY id DESC LIMIT ${param(newest)}`
  return { sql: `SELECT ${EVENT_COLUMNS} FROM events WHERE ${conditions.join(' AND ')} ${order}`, params }
}

function* eventsOf(rows: Iterable<Row>): Iterable<TaskEvent> {
  for (const row of rows) yield eventIn(row)
}

/** The first events that fit into `maxBytes`, and always the very first; reads no more than one beyond. */
function takeWithin(events: Iterable<TaskEvent>, maxBytes: number): readonly TaskEvent[] {
  const taken: TaskEvent[] = []
  let bytes = 0
  for (const event of events) {
    bytes += eventBytes(event)
    if (taken.length > 0 && bytes > maxBytes) break
    taken.push(event)
  }
  return taken
}
