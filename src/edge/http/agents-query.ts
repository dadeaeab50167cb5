import Type, { type Static } from 'typebox'
import { HEALTH_STATES } from '../../registry/health/agent-health.ts'
import { AGENT_SORTS, type AgentQuery } from '../../registry/registry.ts'
import { COUNTED_FACETS } from '../../registry/search/facets.ts'
import { PAGE_QUERY, pageOf } from './list-response.ts'

const names = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 20, description }))

/** What `GET /agents` can be asked. */
export const AgentsQuery = Type.Object({
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
  lifecycle: names('draft, pending, active, deprecated or disabled; all but disabled when absent.'),
  health: Type.Optional(
    Type.Array(Type.Enum([...HEALTH_STATES]), {
      maxItems: HEALTH_STATES.length,
      description: 'How the agent is now.',
    }),
  ),
  only_alive: Type.Optional(Type.Boolean({ description: 'Only agents that are up or degraded.' })),
  verified: Type.Optional(
    Type.Boolean({
      description:
        'Only agents of which a probe of the owner, or a delivery, succeeded in the last 24 hours.',
    }),
  ),
  updated_since: Type.Optional(
    Type.String({ format: 'date-time', description: 'Only agents that changed then or later.' }),
  ),
  sort: Type.Optional(
    Type.Enum([...AGENT_SORTS], {
      description: 'By relevance where there is `q`, else in the order of registration. The best first.',
    }),
  ),
  facets: Type.Optional(
    Type.Array(Type.Enum([...COUNTED_FACETS]), {
      maxItems: COUNTED_FACETS.length,
      description: 'Counts the values of each among all agents found.',
    }),
  ),
  ...PAGE_QUERY,
})

/** The same as the registry is asked it. */
export function agentQueryOf({
  q,
  name,
  capabilities,
  health,
  only_alive,
  verified,
  updated_since,
  sort,
  facets,
  limit,
  cursor,
  ...filters
}: Static<typeof AgentsQuery>): AgentQuery {
  return {
    ...(q !== undefined && { text: q }),
    ...(name !== undefined && { names: name }),
    filters: { ...filters, ...(capabilities !== undefined && { capability: capabilities }) },
    ...(health !== undefined && { health }),
    ...(verified !== undefined && { verified }),
    ...(only_alive !== undefined && { onlyAlive: only_alive }),
    ...(updated_since !== undefined && { updatedSince: Date.parse(updated_since) }),
    ...(sort !== undefined && { sort }),
    ...(facets !== undefined && { facets }),
    ...pageOf({ limit, cursor }),
  }
}
