import Type from 'typebox'
import { HealthView, healthView } from '../../registry/health/health-view.ts'
import { parseTaskProbe, TaskProbeBody } from '../../registry/health/task-probe.ts'
import { ifMatch } from './agent-tag.ts'
import { emptyResponse, jsonResponse } from './json-response.ts'
import { defineRoute, json, NO_QUERY, type Route } from './route.ts'

const CheckedView = Type.Object({
  ...HealthView.properties,
  complete: Type.Boolean({ description: 'Whether all there is was seen; false when that takes longer' }),
})

export const PROBE_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/agents/{id}/probe',
    scope: 'agents:write',
    summary: 'What Parley asks the agent by itself, to see whether it works',
    query: NO_QUERY,
    responses: { 200: json('The probe', TaskProbeBody) },
    async handle({ deps, call, params }) {
      const probe = await deps.registry.getProbe(call, params.id ?? '')
      return jsonResponse(JSON.stringify(probe), call.requestId)
    },
  }),
  defineRoute({
    method: 'PUT',
    path: '/agents/{id}/probe',
    scope: 'agents:write',
    summary:
      'Have Parley send the agent a message every so often, and see what it answers. With If-Match, only while the agent is as the ETag says',
    body: TaskProbeBody,
    query: NO_QUERY,
    responses: { 200: json('Replaced', TaskProbeBody), 201: json('Set', TaskProbeBody) },
    async handle({ deps, call, params, exchange, body }) {
      const probe = parseTaskProbe(body.text)
      const { created } = await deps.registry.setProbe(call, params.id ?? '', probe, ifMatch(exchange))
      return jsonResponse(JSON.stringify(probe), call.requestId, created ? 201 : 200)
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/agents/{id}/probe',
    scope: 'agents:write',
    summary: 'Send the agent no more messages to see whether it works',
    query: NO_QUERY,
    responses: { 204: { description: 'There is none any more' } },
    async handle({ deps, call, params }) {
      await deps.registry.deleteProbe(call, params.id ?? '')
      return emptyResponse(call.requestId)
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/agents/{id}/check',
    scope: 'agents:write',
    summary:
      'Look at the agent now, with the probe of its owner, and wait up to 15 seconds for what that shows',
    query: NO_QUERY,
    responses: { 200: json('How the agent is by then', CheckedView) },
    async handle({ deps, call, params }) {
      const id = params.id ?? ''
      const complete = await deps.registry.checkNow(call, id)
      const report = await deps.registry.getHealth(call, id)
      return jsonResponse(JSON.stringify({ ...healthView(report), complete }), call.requestId)
    },
  }),
]
