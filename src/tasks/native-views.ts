/** Task- and session-centric views across agents: the caller's own, and for `admin` its tenant's. */
import { agentId, type ContextId, contextId, taskId } from '../a2a/ids.ts'
import { type JsonText, textOf } from '../a2a/json-text.ts'
import type { Operation } from '../a2a/operation.ts'
import type { Task } from '../a2a/task.ts'
import { TASK_STATES, type TaskState } from '../a2a/task-state.ts'
import { assertScope } from '../access/assert-scope.ts'
import type { Page, PageQuery } from '../access/page.ts'
import { type Call, hasScope, type Principal } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { TasksDeps } from './deps.ts'
import { followLog } from './follow-log.ts'
import { COUNT_CAP } from './list-tasks.ts'
import { getAgentToList, hiddenTask, taskNotFound } from './own-task.ts'
import { readTask } from './read-task.ts'
import { recordContextRead, recordListRead, recordTaskRead } from './record-read.ts'
import { eventText, timestamp } from './render.ts'
import { assertMayRead, withinRights } from './rights-at-agents.ts'
import { eventBytes, type TaskEvent } from './task-event.ts'
import type { TaskHead } from './task-head.ts'
import type {
  ContextEvent,
  ContextFilter,
  ContextPosition,
  ContextRecord,
  ListPosition,
  TaskFilter,
} from './task-store.ts'
import type { ContextSummary, EventView, HistoryEntry, NativeTaskQuery } from './tasks.ts'

type ScopedQuery = PageQuery & { readonly agent?: string }

export async function listTasksNatively(
  deps: TasksDeps,
  call: Call,
  query: NativeTaskQuery,
): Promise<Page<JsonText<Task>>> {
  const filter: TaskFilter = {
    ...(await scopeOf(deps, call, query.agent)),
    ...(query.contextId === undefined ? {} : { contextId: contextId(query.contextId) }),
    ...(query.state === undefined ? {} : { state: stateOf(query.state) }),
  }
  const within = { ...filter, ...(await withinRights(deps, call, filter)) }
  const [heads, total] = await Promise.all([
    deps.store.listHeads(within, query.limit + 1, positionOf(deps, query.cursor, filter)),
    deps.store.countHeads(within, COUNT_CAP + 1),
  ])
  const page = heads.slice(0, query.limit)
  await recordListRead(deps, call, 'task.list', page)
  const items = await Promise.all(
    page.map((head) => readTask(deps.store, head, { artifacts: false, historyLength: 0 })),
  )
  const last = heads.length > query.limit ? page.at(-1) : undefined
  return pageOf(deps, items, total, last && { at: last.statusAt, id: last.id }, filter)
}

export async function getTaskNatively(deps: TasksDeps, call: Call, id: string): Promise<JsonText<Task>> {
  return readTask(deps.store, await readableHead(deps, call, id, 'GetTask'), { artifacts: true })
}

export async function assertVisible(deps: TasksDeps, call: Call, id: string): Promise<void> {
  await visibleHead(deps, call, id, 'SubscribeToTask')
}

export async function listEvents(
  deps: TasksDeps,
  call: Call,
  id: string,
  afterSeq: number,
  limit: number,
): Promise<Page<JsonText<EventView>>> {
  const head = await readableHead(deps, call, id, 'GetTask')
  const events = await deps.store.readEvents(head.id, {
    after: afterSeq,
    upTo: Math.min(head.seq, afterSeq + limit),
    maxBytes: EVENTS_PAGE_BYTES,
  })
  const lastSeq = events.at(-1)?.seq ?? head.seq
  return {
    items: events.map((event) => eventView(head, event)),
    total: head.seq,
    totalCapped: false,
    ...(lastSeq < head.seq ? { nextCursor: String(lastSeq) } : {}),
  }
}

export async function followEvents(
  deps: TasksDeps,
  call: Call,
  id: string,
  afterSeq: number,
): Promise<AsyncIterable<{ readonly seq: number; readonly event: JsonText<EventView> }>> {
  const head = await readableHead(deps, call, id, 'SubscribeToTask')
  return (async function* () {
    for await (const event of followLog(deps, head.id, afterSeq, call.signal)) {
      yield { seq: event.seq, event: eventView(head, event) }
    }
  })()
}

const eventView = (head: TaskHead, event: TaskEvent): JsonText<EventView> =>
  `{"taskId":"${head.id}","seq":${event.seq},"at":"${timestamp(event.at)}","kind":"${event.kind}","payload":${eventText(head, event)}}`

/** A page of events ends here even when it holds fewer than asked for. */
const EVENTS_PAGE_BYTES = 4 * 1024 * 1024

export async function listContexts(
  deps: TasksDeps,
  call: Call,
  query: ScopedQuery,
): Promise<Page<ContextSummary>> {
  const filter = await scopeOf(deps, call, query.agent)
  const within = { ...filter, ...(await withinRights(deps, call, filter)) }
  const [contexts, total] = await Promise.all([
    deps.store.listContexts(within, query.limit + 1, positionOf<ContextPosition>(deps, query.cursor, filter)),
    deps.store.countContexts(within, COUNT_CAP + 1),
  ])
  const page = contexts.slice(0, query.limit)
  await recordListRead(deps, call, 'context.list', page)
  const items = page.map(({ contextId, agentId, createdAt, lastAt }) => ({
    contextId,
    agentId,
    createdAt: timestamp(createdAt),
    lastAt: timestamp(lastAt),
  }))
  const last = contexts.length > query.limit ? page.at(-1) : undefined
  const next = last && placeOf(last)
  return pageOf(deps, items, total, next, filter)
}

export async function listHistory(
  deps: TasksDeps,
  call: Call,
  id: string,
  query: ScopedQuery,
): Promise<Page<JsonText<HistoryEntry>>> {
  const filter = { ...(await scopeOf(deps, call, query.agent)), contextId: contextId(id) }
  const within = { ...filter, ...(await withinRights(deps, call, filter)) }
  const known = await deps.store.countContexts(within, 1)
  if (known === 0) throw new ParleyError('not_found', 'Context not found', { details: { contextId: id } })
  await recordContextRead(deps, call, within)
  const [found, total] = await Promise.all([
    readHistory(deps, within, query.limit, positionOf(deps, query.cursor, filter)),
    deps.store.countContextEvents(within, COUNT_CAP + 1),
  ])
  const { page, isMore } = found
  const items = page.map(
    ({ taskId, event }) =>
      `{"taskId":${textOf(taskId)},"at":"${timestamp(event.at)}","message":${event.body}}`,
  )
  const last = isMore ? page.at(-1) : undefined
  const next = last && { at: last.event.at, id: last.taskId }
  return pageOf(deps, items, total, next, filter)
}

/** Messages read at once; one may be 4 MiB. */
const HISTORY_STEP = 10

/** A page of at most `limit` messages, which ends earlier once they are large together. */
async function readHistory(
  deps: TasksDeps,
  filter: ContextFilter & { readonly contextId: ContextId },
  limit: number,
  position: ListPosition | undefined,
): Promise<{ readonly page: readonly ContextEvent[]; readonly isMore: boolean }> {
  const page: ContextEvent[] = []
  let bytes = 0
  let after = position
  while (page.length < limit && bytes < EVENTS_PAGE_BYTES) {
    const step = Math.min(HISTORY_STEP, limit - page.length)
    const found = await deps.store.listContextEvents(filter, step + 1, after)
    for (const entry of found.slice(0, step)) {
      page.push(entry)
      bytes += eventBytes(entry.event)
    }
    if (found.length <= step) return { page, isMore: false }
    const last = page.at(-1)
    after = last && { at: last.event.at, id: last.taskId }
  }
  return { page, isMore: true }
}

/** Whose things this caller sees, optionally with one agent only. */
async function scopeOf(deps: TasksDeps, call: Call, agentRef: string | undefined): Promise<ContextFilter> {
  assertScope(call.principal, 'tasks:read')
  const { principal } = call
  const agent = agentRef === undefined ? undefined : await getAgentToList(deps, call, agentRef)
  return {
    tenant: principal.tenant,
    ...(hasScope(principal, 'admin') ? {} : { owner: principal.subject }),
    ...(agent === undefined ? withinAgents(principal) : { agentId: agent.id }),
  }
}

/** In one order, because cursors are bound to the filter. */
const withinAgents = ({ agents }: Principal): Pick<ContextFilter, 'agentIds'> =>
  agents === undefined ? {} : { agentIds: [...agents].sort().map(agentId) }

/** A task of the caller's, or of its tenant for `admin`, with an agent where it may do natively what it could over A2A. */
async function visibleHead(deps: TasksDeps, call: Call, id: string, operation: Operation): Promise<TaskHead> {
  assertScope(call.principal, 'tasks:read')
  const head = await deps.store.findHead(taskId(id))
  if (head?.phase !== 'task') throw taskNotFound(id)
  const { agentId, tenant, owner } = head
  const task = { kind: 'task', agentId, tenant, owner } as const
  if (!deps.access.decide(call.principal, 'read', task).allow) throw hiddenTask(head)
  await assertMayRead(deps, call, head, operation)
  return head
}

/** The same, of somebody who is going to read it. */
async function readableHead(
  deps: TasksDeps,
  call: Call,
  id: string,
  operation: Operation,
): Promise<TaskHead> {
  const head = await visibleHead(deps, call, id, operation)
  await recordTaskRead(deps, call, head)
  return head
}

function stateOf(text: string): TaskState {
  const state = TASK_STATES.find((known) => known === text)
  if (state !== undefined) return state
  const violation = { pointer: '/state', code: 'enum', message: `must be one of ${TASK_STATES.join(', ')}` }
  throw new ParleyError('invalid_params', `state ${violation.message}`, { violations: [violation] })
}

/** A cursor is bound to the principal through the filter, which names its tenant and owner. */
const positionOf = <P = ListPosition>(
  deps: TasksDeps,
  cursor: string | undefined,
  filter: object,
): P | undefined => (cursor === undefined ? undefined : (deps.cursors.decode(cursor, filter) as P))

const placeOf = ({ lastAt, contextId, agentId, owner }: ContextRecord): ContextPosition => ({
  lastAt,
  contextId,
  agentId,
  owner,
})

function pageOf<T>(
  deps: TasksDeps,
  items: readonly T[],
  total: number,
  next: ListPosition | ContextPosition | undefined,
  filter: object,
): Page<T> {
  return {
    items,
    total: Math.min(total, COUNT_CAP),
    totalCapped: total > COUNT_CAP,
    ...(next === undefined ? {} : { nextCursor: deps.cursors.encode(next, filter) }),
  }
}
