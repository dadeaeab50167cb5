import Type, { type Static } from 'typebox'
import type { ChangeFrame, ChangeQuery } from '../../registry/changes/changes.ts'
import { CloudEvent, cloudEvent, EVENT_TYPES, kindOfEvent } from '../../registry/changes/cloud-event.ts'
import { changesUrl } from '../../registry/public-urls.ts'
import type { EdgeDeps } from '../app-deps.ts'
import { fetchResponse } from './fetch-exchange.ts'
import { jsonResponse } from './json-response.ts'
import { DEFAULT_LIMIT, PAGE_QUERY } from './list-response.ts'
import { problemOf } from './problem.ts'
import { defineRoute, json, type Route, type RouteInput } from './route.ts'
import { openSse, sseEvent } from './sse.ts'

const ChangesQuery = Type.Object({
  after: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2048,
      description: 'A `cursor` from before, or `now`; from the oldest change that is kept when absent.',
    }),
  ),
  limit: PAGE_QUERY.limit,
  agent: Type.Optional(
    Type.String({ minLength: 1, maxLength: 256, description: 'Id or slug of the only agent to be told of.' }),
  ),
  type: Type.Optional(
    Type.Array(Type.Enum([...EVENT_TYPES]), {
      maxItems: EVENT_TYPES.length,
      description: 'Types of events to be told of; all when absent.',
    }),
  ),
})
type ChangesQuery = Static<typeof ChangesQuery>

const ChangesView = Type.Object({
  items: Type.Array(CloudEvent),
  cursor: Type.String({ description: 'Where to go on.' }),
  more: Type.Boolean({ description: 'There may be more already.' }),
})

export const CHANGE_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/changes',
    scope: 'agents:read',
    summary:
      'What happened to agents, oldest first, as CloudEvents; with `Accept: text/event-stream` it goes on as things happen',
    query: ChangesQuery,
    responses: { 200: json('Changes', ChangesView) },
    async handle(input) {
      const { deps, call, request, query } = input
      if (asksFor(request, 'text/event-stream')) return streamChanges(input)
      const { items, cursor, more } = await deps.changes.read(call, {
        ...questionOf(query),
        limit: query.limit ?? DEFAULT_LIMIT,
      })
      const { http } = deps.addresses()
      const events = items.map((change) => cloudEvent(change, http))
      if (!asksFor(request, BATCH)) {
        return jsonResponse(JSON.stringify({ items: events, cursor, more }), call.requestId)
      }
      const next = new URL(request.url).searchParams
      next.set('after', cursor)
      return jsonResponse(JSON.stringify(events), call.requestId, 200, {
        'content-type': BATCH,
        link: `<${changesUrl(http)}?${next}>; rel="next"`,
      })
    },
  }),
]

/** CloudEvents 1.0, JSON batch format. */
const BATCH = 'application/cloudevents-batch+json'

const asksFor = (request: Request, type: string): boolean =>
  request.method === 'GET' &&
  (request.headers.get('accept') ?? '')
    .split(',')
    .some((accepted) => accepted.split(';', 1)[0]?.trim().toLowerCase() === type)

function questionOf({ agent, type, after }: ChangesQuery): ChangeQuery {
  return {
    ...(after !== undefined && { after: after === 'now' ? after : { cursor: after } }),
    ...(agent !== undefined && { agent }),
    ...(type !== undefined && { kinds: type.flatMap((one) => kindOfEvent(one) ?? []) }),
  }
}

/** Failures after the first event are events named `error` that hold a problem. */
async function streamChanges(input: RouteInput<ChangesQuery, unknown>): Promise<Response> {
  const { deps, call, request, exchange, query } = input
  const { requestId } = call
  // Set by an `EventSource` that reconnects; it knows better than the URL it began with.
  const lastEventId = request.headers.get('last-event-id') || query.after
  const { after: _, ...rest } = query
  const question = questionOf({ ...rest, ...(lastEventId !== undefined && { after: lastEventId }) })
  const reply = await openSse(
    deps,
    () => deps.changes.follow(call, question),
    {
      encode: (frame) => encodeFrame(deps, frame),
      encodeError: (error) => `event: error\n${sseEvent(JSON.stringify(problemOf(error, requestId)))}`,
      ended: () => {
        // The call was recorded when its stream opened.
      },
    },
    { request: exchange, entitlement: { principal: call.principal, requestId, to: 'changes' }, requestId },
  )
  return fetchResponse(reply)
}

/** A block with nothing but an id is no event: it moves the place that a client goes on from (HTML §9.2.6). */
const encodeFrame = ({ addresses }: Pick<EdgeDeps, 'addresses'>, { seq, change }: ChangeFrame): string =>
  change === undefined
    ? `id: ${seq}\n\n`
    : sseEvent(JSON.stringify(cloudEvent(change, addresses().http)), seq)
