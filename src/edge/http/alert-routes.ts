import Type from 'typebox'
import type { Call } from '../../access/principal.ts'
import { AlertView, alertView, RuleView, ruleView } from '../../alerts/alert-views.ts'
import type { AlertQuery } from '../../alerts/alerts.ts'
import type { AlertRule } from '../../alerts/rule.ts'
import { parseRule, RuleBody } from '../../alerts/rule-body.ts'
import { emptyResponse, jsonResponse } from './json-response.ts'
import { listResponse, listSchema, PAGE_QUERY, pageOf } from './list-response.ts'
import { defineRoute, json, NO_QUERY, type Route } from './route.ts'

const ruleResponse = (rule: AlertRule, { requestId }: Call, status = 200): Response =>
  jsonResponse(JSON.stringify(ruleView(rule)), requestId, status, {
    ...(status === 201 && { location: `/alerts/rules/${rule.id}` }),
  })

const AlertsQuery = Type.Object({
  state: Type.Optional(Type.Enum(['firing', 'resolved'])),
  agent: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'Id or slug; of an agent that is gone, its id',
    }),
  ),
  rule: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'Id of a rule' })),
  ...PAGE_QUERY,
})

export const ALERT_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'POST',
    path: '/alerts/rules',
    scope: 'agents:write',
    summary: 'Make a rule that watches agents which you may manage',
    body: RuleBody,
    query: NO_QUERY,
    responses: { 201: json('Made', RuleView) },
    async handle({ deps, call, body }) {
      return ruleResponse(await deps.alerts.createRule(call, parseRule(body.text)), call, 201)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/alerts/rules',
    scope: 'agents:write',
    summary: 'The rules that you made; to admins, those of the tenant',
    query: Type.Object(PAGE_QUERY),
    responses: { 200: json('Rules', listSchema(RuleView)) },
    async handle({ deps, call, query }) {
      const page = await deps.alerts.listRules(call, pageOf(query))
      const items = page.items.map((rule) => JSON.stringify(ruleView(rule)))
      return listResponse({ ...page, items }, call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/alerts/rules/{id}',
    scope: 'agents:write',
    summary: 'One rule',
    query: NO_QUERY,
    responses: { 200: json('The rule', RuleView) },
    async handle({ deps, call, params }) {
      return ruleResponse(await deps.alerts.getRule(call, params.id ?? ''), call)
    },
  }),
  defineRoute({
    method: 'PUT',
    path: '/alerts/rules/{id}',
    scope: 'agents:write',
    summary: 'Put a rule in the place of one',
    body: RuleBody,
    query: NO_QUERY,
    responses: { 200: json('The rule', RuleView) },
    async handle({ deps, call, params, body }) {
      return ruleResponse(await deps.alerts.updateRule(call, params.id ?? '', parseRule(body.text)), call)
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/alerts/rules/{id}',
    scope: 'agents:write',
    summary: 'Delete a rule; its alerts end',
    query: NO_QUERY,
    responses: { 204: { description: 'Deleted' } },
    async handle({ deps, call, params }) {
      await deps.alerts.deleteRule(call, params.id ?? '')
      return emptyResponse(call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/alerts',
    scope: 'agents:write',
    summary: 'Alerts about agents that you may manage, the one that began last first',
    query: AlertsQuery,
    responses: { 200: json('Alerts', listSchema(AlertView)) },
    async handle({ deps, call, query }) {
      const { state, agent, rule } = query
      const wanted: AlertQuery = {
        ...(state !== undefined && { state }),
        ...(agent !== undefined && { agent }),
        ...(rule !== undefined && { rule }),
        ...pageOf(query),
      }
      const page = await deps.alerts.listAlerts(call, wanted)
      const items = page.items.map((alert) => JSON.stringify(alertView(alert)))
      return listResponse({ ...page, items }, call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/alerts/{id}',
    scope: 'agents:write',
    summary: 'One alert',
    query: NO_QUERY,
    responses: { 200: json('The alert', AlertView) },
    async handle({ deps, call, params }) {
      const alert = await deps.alerts.getAlert(call, params.id ?? '')
      return jsonResponse(JSON.stringify(alertView(alert)), call.requestId)
    },
  }),
]
