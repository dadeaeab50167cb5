import Type from 'typebox'
import { Struct } from '../../a2a/message.ts'
import { State, Task } from '../../a2a/task.ts'
import { fetchResponse } from './fetch-exchange.ts'
import { jsonResponse } from './json-response.ts'
import { DEFAULT_LIMIT, listResponse, listSchema, PAGE_QUERY, pageOf } from './list-response.ts'
import { problemOf } from './problem.ts'
import { defineRoute, json, NO_QUERY, type Route, type RouteInput } from './route.ts'
import { openSse, sseEvent } from './sse.ts'

const TasksQuery = Type.Object({
  agent: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'Id or slug of an agent.' })),
  context_id: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  state: Type.Optional(State),
  ...PAGE_QUERY,
})

const EventsQuery = Type.Object({
  after: Type.Optional(
    Type.Integer({ minimum: 0, default: 0, description: 'Only events with a greater seq.' }),
  ),
  cursor: Type.Optional(
    Type.Integer({ minimum: 0, description: '`nextCursor` of the page before; wins over `after`.' }),
  ),
  limit: PAGE_QUERY.limit,
})

export const TaskEventView = Type.Object({
  taskId: Type.String(),
  seq: Type.Integer({ minimum: 1 }),
  at: Type.String({ format: 'date-time' }),
  kind: Type.String(),
  payload: Struct,
})

export const TASK_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/tasks',
    scope: 'tasks:read',
    summary: "The caller's tasks, newest status first; `admin` sees its tenant's",
    query: TasksQuery,
    responses: { 200: json('Tasks', listSchema(Task)) },
    async handle({ deps, call, query }) {
      const { agent, context_id, state } = query
      const page = await deps.tasks.list(call, {
        ...(agent !== undefined && { agent }),
        ...(context_id !== undefined && { contextId: context_id }),
        ...(state !== undefined && { state }),
        ...pageOf(query),
      })
      return listResponse(page, call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/tasks/{id}',
    scope: 'tasks:read',
    summary: 'One task, with its artifacts and history',
    query: NO_QUERY,
    responses: { 200: json('The task', Task) },
    async handle({ deps, call, params }) {
      return jsonResponse(await deps.tasks.get(call, params.id ?? ''), call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/tasks/{id}/events',
    scope: 'tasks:read',
    summary: "A task's log, oldest first; with `Accept: text/event-stream` it goes on as the task does",
    query: EventsQuery,
    responses: {
      200: json('Events', listSchema(TaskEventView)),
    },
    async handle(input) {
      const { deps, call, request, params, query } = input
      const after = query.cursor ?? query.after ?? 0
      if (wantsStream(request)) return streamEvents(input, after)
      const page = await deps.tasks.listEvents(call, params.id ?? '', after, query.limit ?? DEFAULT_LIMIT)
      return listResponse(page, call.requestId)
    },
  }),
]

const wantsStream = (request: Request): boolean =>
  request.method === 'GET' && /\btext\/event-stream\b/i.test(request.headers.get('accept') ?? '')

/** Failures after the first event are events named `error` that hold a problem. */
async function streamEvents(input: RouteInput<unknown, unknown>, after: number): Promise<Response> {
  const { deps, call, request, exchange, params } = input
  const afterSeq = lastEventId(request) ?? after
  const reply = await openSse(
    deps,
    () => deps.tasks.followEvents(call, params.id ?? '', afterSeq),
    {
      encode: (frame) => sseEvent(frame.event, frame.seq),
      encodeError: (error) => `event: error\n${sseEvent(JSON.stringify(problemOf(error, call.requestId)))}`,
      ended: () => {
        // The call was recorded when its stream opened.
      },
    },
    {
      request: exchange,
      entitlement: {
        principal: call.principal,
        requestId: call.requestId,
        to: { task: params.id ?? '' },
      },
      requestId: call.requestId,
    },
  )
  return fetchResponse(reply)
}

/** Set by an `EventSource` that reconnects; it knows better than the URL it began with. */
function lastEventId(request: Request): number | undefined {
  const text = request.headers.get('last-event-id') ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
