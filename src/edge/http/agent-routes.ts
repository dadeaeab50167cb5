import Type, { type TSchema } from 'typebox'
import { AgentCard } from '../../a2a/agent-card.ts'
import { parseJson } from '../../a2a/wire.ts'
import type { Agent } from '../../registry/agent.ts'
import { CardVerdict, cardVerdict } from '../../registry/card-verdict.ts'
import { parseRegistration } from '../../registry/parse-registration.ts'
import { AGENT_SORTS, type AgentQuery } from '../../registry/registry.ts'
import { FACETS } from '../../registry/search/listing.ts'
import { AgentChangesBody, agentChangesCheck } from '../../registry/update-agent.ts'
import {
  AgentView,
  agentView,
  HeartbeatView,
  heartbeatView,
  InvokeUrlView,
  invokeUrlView,
  RegistrationBody,
} from '../../registry/views.ts'
import type { EdgeDeps } from '../app-deps.ts'
import { emptyResponse, jsonResponse } from './json-response.ts'
import { listResponse, listSchema, PAGE_QUERY, pageOf } from './list-response.ts'
import { defineRoute, NO_QUERY, type Route } from './route.ts'

const names = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 20, description }))

const AgentsQuery = Type.Object({
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 500,
      description:
        'Words, each the beginning of one in name, description, skills, tags, examples or provider.',
    }),
  ),
  name: names('Part of the name or slug.'),
  skill: names('Id of a skill.'),
  tag: names('Tag of a skill.'),
  capabilities: names('streaming, pushNotifications, extendedAgentCard, or the URI of an extension.'),
  owner: names('The owner.'),
  provider: names("The provider's organization."),
  binding: names('JSONRPC, HTTP+JSON, GRPC or the URI of a custom one, of any interface.'),
  version: names('Version of A2A of any interface, such as 1.0.'),
  mode: names('Media type that is taken or given.'),
  security: names('apiKey, http, oauth2, openIdConnect, mutualTLS or none.'),
  lifecycle: names('active or disabled.'),
  only_alive: Type.Optional(Type.Boolean({ description: 'Only agents whose heartbeat is recent.' })),
  updated_since: Type.Optional(
    Type.String({ format: 'date-time', description: 'Only agents that changed then or later.' }),
  ),
  sort: Type.Optional(
    Type.Enum([...AGENT_SORTS], {
      description: 'By relevance where there is `q`, else in the order of registration.',
    }),
  ),
  facets: Type.Optional(
    Type.Array(Type.Enum([...FACETS]), {
      maxItems: FACETS.length,
      description: 'Counts the values of each among all agents found.',
    }),
  ),
  ...PAGE_QUERY,
})

const FacetsView = Type.Partial(
  Type.Object(
    Object.fromEntries(
      FACETS.map((facet) => [
        facet,
        Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() })),
      ]),
    ),
  ),
)

const json = (description: string, schema: TSchema) => ({
  description,
  contentType: 'application/json',
  schema,
})

const agentText = (deps: EdgeDeps, agent: Agent): string =>
  JSON.stringify(agentView(agent, deps.now(), deps.addresses().http))

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
      return jsonResponse(agentText(deps, agent), call.requestId, created ? 201 : 200, {
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
      const { q, name, capabilities, only_alive, updated_since, sort, facets } = query
      const { skill, tag, owner, provider, binding, version, mode, security, lifecycle } = query
      const agentQuery: AgentQuery = {
        ...(q !== undefined && { text: q }),
        ...(name !== undefined && { names: name }),
        filters: {
          ...(skill && { skill }),
          ...(tag && { tag }),
          ...(capabilities && { capability: capabilities }),
          ...(owner && { owner }),
          ...(provider && { provider }),
          ...(binding && { binding }),
          ...(version && { version }),
          ...(mode && { mode }),
          ...(security && { security }),
          ...(lifecycle && { lifecycle }),
        },
        ...(only_alive !== undefined && { onlyAlive: only_alive }),
        ...(updated_since !== undefined && { updatedSince: Date.parse(updated_since) }),
        ...(sort !== undefined && { sort }),
        ...(facets !== undefined && { facets }),
        ...pageOf(query),
      }
      const page = await deps.registry.search(call, agentQuery)
      const items = page.items.map((agent) => agentText(deps, agent))
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
      return jsonResponse(agentText(deps, agent), call.requestId)
    },
  }),
  defineRoute({
    method: 'PATCH',
    path: '/agents/{id}',
    scope: 'agents:write',
    summary: 'Change an agent without its card',
    body: AgentChangesBody,
    query: NO_QUERY,
    responses: { 200: json('The agent', AgentView) },
    async handle({ deps, call, params, body }) {
      const changes = agentChangesCheck.parse(parseJson(body.text))
      const agent = await deps.registry.update(call, params.id ?? '', changes)
      return jsonResponse(agentText(deps, agent), call.requestId)
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
    summary: 'The agent lives',
    query: NO_QUERY,
    responses: { 200: json('How long it counts', HeartbeatView) },
    async handle({ deps, call, params }) {
      const agent = await deps.registry.heartbeat(call, params.id ?? '')
      return jsonResponse(JSON.stringify(heartbeatView(agent, deps.now())), call.requestId)
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
