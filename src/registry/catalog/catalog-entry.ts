import Type, { type Static } from 'typebox'
import { type Agent, cardOf } from '../agent.ts'
import type { CurrentHealth } from '../health/current-health.ts'
import { publishedCardUrl } from '../public-urls.ts'

/** What entries for agents are: a card of A2A. */
export const AGENT_TYPE = 'application/a2a-agent-card+json'

/** One entry of an AI Catalog (1.0), as ARD extends it. */
export const CatalogEntry = Type.Object({
  identifier: Type.String({ description: 'urn:air:<publisher>:<namespace>:<name>' }),
  displayName: Type.String({ minLength: 1 }),
  type: Type.String({ description: 'Media type of what is at the URL' }),
  url: Type.String({ format: 'uri' }),
  description: Type.Optional(Type.String()),
  tags: Type.Optional(Type.Array(Type.String())),
  capabilities: Type.Optional(Type.Array(Type.String({ description: 'Id of a skill' }))),
  representativeQueries: Type.Optional(Type.Array(Type.String(), { minItems: 2, maxItems: 5 })),
  version: Type.Optional(Type.String()),
  updatedAt: Type.Optional(Type.String({ format: 'date-time' })),
  metadata: Type.Optional(
    Type.Record(Type.String(), Type.String(), {
      description:
        "`dev.parley.untrusted` names the members that hold a publisher's own words; `dev.parley.health` says how the agent is",
    }),
  ),
})
export type CatalogEntry = Static<typeof CatalogEntry>

/** Members of an entry whose text came with the publisher's card: to be read as data, never as instructions. */
const UNTRUSTED = 'displayName description tags capabilities representativeQueries version'

/** ARD wants 2 to 5 of them, or none. */
const FEWEST_QUERIES = 2
const MOST_QUERIES = 5

/**
 * An agent as an entry that points to the card we publish in its place. What is kept by its readers does not say
 * `health`.
 */
export function catalogEntry(agent: Agent, publicUrl: string, health?: CurrentHealth): CatalogEntry {
  const { name, description, version, skills } = cardOf(agent)
  const examples = distinct(skills.flatMap(({ examples = [] }) => examples)).slice(0, MOST_QUERIES)
  const tags = distinct(skills.flatMap((skill) => skill.tags))
  return {
    identifier: catalogIdentifier(publicUrl, 'agent', agent.id),
    displayName: name === '' ? agent.slug : name,
    type: AGENT_TYPE,
    url: publishedCardUrl(publicUrl, agent),
    description,
    ...(tags.length > 0 && { tags }),
    ...(skills.length > 0 && { capabilities: distinct(skills.map(({ id }) => id)) }),
    ...(examples.length >= FEWEST_QUERIES && { representativeQueries: examples }),
    version,
    updatedAt: new Date(agent.updatedAt).toISOString(),
    metadata: { 'dev.parley.untrusted': UNTRUSTED, ...(health && { 'dev.parley.health': health.state }) },
  }
}

/** A name that outlives addresses (ARD §4.2.1). `namespace` and `name` are made of letters, digits, dots and dashes. */
export const catalogIdentifier = (publicUrl: string, namespace: string, name: string): string =>
  `urn:air:${publisherOf(publicUrl)}:${namespace}:${name}`

/** Who publishes the catalog: the gateway's host, its colons and brackets replaced where it is an IPv6 address. */
export const publisherOf = (publicUrl: string): string =>
  new URL(publicUrl).hostname.replace(/[^a-zA-Z0-9.-]+/g, '-').replace(/^-+|-+$/g, '') || 'localhost'

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)]
