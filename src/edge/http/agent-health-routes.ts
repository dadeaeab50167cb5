import Type from 'typebox'
import { SPANS } from '../../registry/health/health-store.ts'
import {
  CheckView,
  checkView,
  HealthBucketView,
  HealthView,
  healthBucketView,
  healthView,
} from '../../registry/health/health-view.ts'
import { jsonResponse } from './json-response.ts'
import { listResponse, listSchema, PAGE_QUERY, pageOf } from './list-response.ts'
import { defineRoute, json, NO_QUERY, type Route } from './route.ts'

const HistoryQuery = Type.Object({
  span: Type.Optional(Type.Enum([...SPANS], { default: 'hour', description: 'What one item is about.' })),
  ...PAGE_QUERY,
})

export const AGENT_HEALTH_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/agents/{id}/health',
    scope: 'agents:read',
    summary: 'How the agent is, why, and how it was of late',
    query: NO_QUERY,
    responses: { 200: json('Its health', HealthView) },
    async handle({ deps, call, params }) {
      const report = await deps.registry.getHealth(call, params.id ?? '')
      return jsonResponse(JSON.stringify(healthView(report)), call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/agents/{id}/health/history',
    scope: 'agents:read',
    summary: 'How the agent was, by the hour (30 days) or by the day (400 days), the newest first',
    query: HistoryQuery,
    responses: { 200: json('Hours or days', listSchema(HealthBucketView)) },
    async handle({ deps, call, params, query }) {
      const { span = 'hour' } = query
      const page = await deps.registry.listHealth(call, params.id ?? '', span, pageOf(query))
      const items = page.items.map((bucket) => JSON.stringify(healthBucketView(bucket)))
      return listResponse({ ...page, items }, call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/agents/{id}/health/checks',
    scope: 'agents:write',
    summary: 'What was seen of the agent within 24 hours, the newest first, for those who may manage it',
    query: Type.Object(PAGE_QUERY),
    responses: { 200: json('Checks', listSchema(CheckView)) },
    async handle({ deps, call, params, query }) {
      const page = await deps.registry.listChecks(call, params.id ?? '', pageOf(query))
      const items = page.items.map((check) => JSON.stringify(checkView(check)))
      return listResponse({ ...page, items }, call.requestId)
    },
  }),
]
