import Type from 'typebox'
import { Message } from '../../a2a/message.ts'
import { listResponse, listSchema, PAGE_QUERY, pageOf } from './list-response.ts'
import { defineRoute, json, type Route } from './route.ts'

const ContextsQuery = Type.Object({
  agent: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'Id or slug of an agent.' })),
  ...PAGE_QUERY,
})

const instant = Type.String({ format: 'date-time' })

export const ContextView = Type.Object({
  contextId: Type.String(),
  agentId: Type.String(),
  createdAt: instant,
  lastAt: instant,
})

export const HistoryView = Type.Object({ taskId: Type.String(), at: instant, message: Message })

export const CONTEXT_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/contexts',
    scope: 'tasks:read',
    summary: "The caller's conversations, latest first",
    query: ContextsQuery,
    responses: {
      200: json('Contexts', listSchema(ContextView)),
    },
    async handle({ deps, call, query }) {
      const page = await deps.tasks.listContexts(call, {
        ...(query.agent !== undefined && { agent: query.agent }),
        ...pageOf(query),
      })
      const items = page.items.map((context) => JSON.stringify(context))
      return listResponse({ ...page, items }, call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/contexts/{id}/history',
    scope: 'tasks:read',
    summary: 'The messages of a conversation, oldest first, across its tasks',
    query: ContextsQuery,
    responses: {
      200: json('Messages', listSchema(HistoryView)),
    },
    async handle({ deps, call, params, query }) {
      const page = await deps.tasks.listHistory(call, params.id ?? '', {
        ...(query.agent !== undefined && { agent: query.agent }),
        ...pageOf(query),
      })
      return listResponse(page, call.requestId)
    },
  }),
]
