import Type from 'typebox'
import { AgentCard } from '../../a2a/agent-card.ts'
import { parseJson } from '../../a2a/wire.ts'
import { RefusalBody, refusalCheck } from '../../registry/admit-agent.ts'
import { CardVerdict, cardVerdict } from '../../registry/card-verdict.ts'
import { HeartbeatBody, parseHeartbeat } from '../../registry/health/heartbeat-body.ts'
import { parseRegistration } from '../../registry/parse-registration.ts'
import { COUNTED_FACETS } from '../../registry/search/facets.ts'
import { AgentChangesBody, agentChangesCheck } from '../../registry/update-agent.ts'
import {
  AgentView,
  DependenciesView,
  dependenciesView,
  HeartbeatView,
  heartbeatView,
  InvokeUrlView,
  invokeUrlView,
  RegistrationBody,
} from '../../registry/views.ts'
import { agentResponse, agentTexts } from './agent-response.ts'
import { ifMatch } from './agent-tag.ts'
import { AgentsQuery, agentQueryOf } from './agents-query.ts'
import { emptyResponse, jsonResponse } from './json-response.ts'
import { listResponse, listSchema } from './list-response.ts'
import { defineRoute, json, NO_QUERY, type Route } from './route.ts'

const FacetsView = Type.Partial(
  Type.Object(
    Object.fromEntries(
      COUNTED_FACETS.map((facet) => [
        facet,
        Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() })),
      ]),
    ),
  ),
)

export const AGENT_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'POST',
    path: '/agents/register',
    scope: 'agents:write',
    summary: 'Register an agent, or update the one with the same owner and slug',
    body: RegistrationBody,
    query: NO_QUERY,
    responses: { 200: json('Updated', AgentView), 201: json('Registered', AgentView) },
    async handle({ deps, call, body }) {
      const { agent, created } = await deps.registry.register(call, parseRegistration(body.text))
      return agentResponse(deps, call, agent, created ? 201 : 200, {
        location: `/agents/${agent.id}`,
      })
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/agents/validate',
    scope: 'agents:write',
    summary: 'Judge a card as registering it would, and register nothing',
    body: AgentCard,
    query: NO_QUERY,
    responses: { 200: json('Everything wrong with the card, and what could be better', CardVerdict) },
    async handle({ deps, call, body }) {
      const verdict = cardVerdict(body.text, await deps.registry.validate(call, body.text))
      return jsonResponse(JSON.stringify(verdict), call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/agents',
    scope: 'agents:read',
    summary: 'Find agents. Filters combine with AND, repeated ones with OR',
    query: AgentsQuery,
    responses: {
      200: json(
        'Agents',
        Type.Object({ ...listSchema(AgentView).properties, facets: Type.Optional(FacetsView) }),
      ),
    },
    async handle({ deps, call, query }) {
      const page = await deps.registry.search(call, agentQueryOf(query))
      const items = await agentTexts(deps, call, page.items)
      const more = page.facets === undefined ? {} : { facets: page.facets }
      return listResponse({ ...page, items }, call.requestId, more)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/agents/{id}',
    scope: 'agents:read',
    summary: 'One agent, by id or slug',
    query: NO_QUERY,
    responses: { 200: json('The agent', AgentView) },
    async handle({ deps, call, params }) {
      const agent = await deps.registry.get(call, params.id ?? '', 'discover')
      return agentResponse(deps, call, agent)
    },
  }),
  defineRoute({
    method: 'PUT',
    path: '/agents/{id}',
    scope: 'agents:write',
    summary: 'Register an agent anew. With If-Match, only while it is as the ETag says',
    body: RegistrationBody,
    query: NO_QUERY,
    responses: { 200: json('The agent', AgentView) },
    async handle({ deps, call, params, exchange, body }) {
      const registration = parseRegistration(body.text)
      const agent = await deps.registry.replace(call, params.id ?? '', registration, ifMatch(exchange))
      return agentResponse(deps, call, agent)
    },
  }),
  defineRoute({
    method: 'PATCH',
    path: '/agents/{id}',
    scope: 'agents:write',
    summary: 'Change an agent without its card. With If-Match, only while it is as the ETag says',
    body: AgentChangesBody,
    query: NO_QUERY,
    responses: { 200: json('The agent', AgentView) },
    async handle({ deps, call, params, exchange, body }) {
      const changes = agentChangesCheck.parse(parseJson(body.text))
      const agent = await deps.registry.update(call, params.id ?? '', changes, ifMatch(exchange))
      return agentResponse(deps, call, agent)
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/agents/{id}/approve',
    scope: 'admin',
    summary: 'Let in an agent that is pending. With If-Match, only while it is as the ETag says',
    query: NO_QUERY,
    responses: { 200: json('The agent, active', AgentView) },
    async handle({ deps, call, params, exchange }) {
      const agent = await deps.registry.approve(call, params.id ?? '', ifMatch(exchange))
      return agentResponse(deps, call, agent)
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/agents/{id}/refuse',
    scope: 'admin',
    summary: 'Make an agent that is pending a draft again, and say why',
    body: RefusalBody,
    query: NO_QUERY,
    responses: { 200: json('The agent, a draft', AgentView) },
    async handle({ deps, call, params, body }) {
      const refusal = refusalCheck.parse(parseJson(body.text))
      const agent = await deps.registry.refuse(call, params.id ?? '', refusal)
      return agentResponse(deps, call, agent)
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/agents/{id}',
    scope: 'agents:write',
    summary: 'Remove an agent',
    query: NO_QUERY,
    responses: { 204: { description: 'Removed' } },
    async handle({ deps, call, params }) {
      await deps.registry.unregister(call, params.id ?? '')
      return emptyResponse(call.requestId)
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/agents/{id}/heartbeat',
    scope: 'agents:heartbeat',
    summary: 'The agent lives, and can say how it is',
    body: HeartbeatBody,
    isBodyOptional: true,
    query: NO_QUERY,
    responses: { 200: json('How it is now, and when the next heartbeat is to come', HeartbeatView) },
    async handle({ deps, call, params, body }) {
      const beaten = await deps.registry.heartbeat(call, params.id ?? '', parseHeartbeat(body.text))
      return jsonResponse(JSON.stringify(heartbeatView(beaten)), call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/agents/{id}/dependencies',
    scope: 'agents:read',
    summary: 'The agents without which an agent does not work, as far as you see them',
    query: NO_QUERY,
    responses: { 200: json('Agents', DependenciesView) },
    async handle({ deps, call, params }) {
      const agents = await deps.registry.listDependencies(call, params.id ?? '')
      return jsonResponse(JSON.stringify(dependenciesView(agents)), call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/agents/{id}/invoke_url',
    scope: 'agents:read',
    summary: 'Where to send messages for an agent',
    query: NO_QUERY,
    responses: { 200: json('The address', InvokeUrlView) },
    async handle({ deps, call, params }) {
      const agent = await deps.registry.get(call, params.id ?? '', 'discover')
      return jsonResponse(JSON.stringify(invokeUrlView(agent, deps.addresses())), call.requestId)
    },
  }),
]
