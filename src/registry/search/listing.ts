import type { AgentCard } from '../../a2a/agent-card.ts'
import type { AgentId } from '../../a2a/ids.ts'
import type { Grant } from '../../access/grant.ts'
import { type Agent, cardOf, type Visibility } from '../agent.ts'
import type { HealthState } from '../health/agent-health.ts'
import { ttlOf } from '../health/heartbeat-times.ts'
import { isLetIn, type Lifecycle } from '../lifecycle.ts'
import { securityKindsOf } from '../security-kinds.ts'
import { fold, wordsOf } from './words.ts'

/** What agents are filtered by exactly, and counted by. */
export const FACETS = [
  'skill',
  'tag',
  'capability',
  'owner',
  'provider',
  'binding',
  'version',
  'mode',
  'security',
  'lifecycle',
] as const
export type Facet = (typeof FACETS)[number]

/** `<facet>:<value>`; values of tags and providers are folded. By `dependency`, an id, agents are found and not counted. */
export type Term = `${Facet | 'dependency'}:${string}`

/** An agent as searches see it, without its card: enough to judge, rank and order it. */
export type AgentListing = {
  readonly id: AgentId
  readonly tenant: string
  readonly owner: string
  readonly visibility: Visibility
  /** Of those agents alone that somebody may need a grant to see. */
  readonly grants?: readonly Grant[]
  readonly lifecycle: Lifecycle
  readonly updatedAt: number
  readonly lastHeartbeatAt?: number
  /** What holds, whoever said so. */
  readonly heartbeatTtlMs: number
  readonly heartbeatsDeclaredAt?: number
  /** How it was when that was last written down; `unknown` until it was. */
  readonly health: HealthState
  readonly healthSince?: number
  /** A smoothed latency of calls, in milliseconds. */
  readonly latencyMs?: number
  /** When a probe of its owner, or a delivery, last succeeded. */
  readonly verifiedAt?: number
  /** What lists by name are ordered by: the beginning of the folded name. */
  readonly nameKey: string
  /** The words that count most where they are found, each with a blank before and after it. */
  readonly words: Readonly<Record<RankedField, string>>
  /** What is counted; only where it was asked for. Of very many the first. */
  readonly terms?: readonly Term[]
}

export const RANKED_FIELDS = ['name', 'skills', 'tags', 'provider'] as const
export type RankedField = (typeof RANKED_FIELDS)[number]

/** How an agent is found. Its health is not known here. */
export type IndexedAgent = {
  readonly listing: AgentListing & { readonly terms: readonly Term[] }
  /** Every term there is, those of the listing too. */
  readonly terms: readonly Term[]
  /** Name and slug, folded, a line each. */
  readonly names: string
  /** Every word there is, those of the listing too. */
  readonly words: readonly string[]
}

/** Words kept of one field. */
const MAX_RANKED_WORDS = 400
/** A search holds thousands of listings at once, and cards may be large: longer fields and more terms are found, no more. */
const MAX_RANKED_CHARACTERS = 2048
const MAX_TERM_CHARACTERS = 8192
const MAX_OTHER_WORDS = 20_000
const MAX_NAME_KEY_LENGTH = 100

export function indexedAgent(agent: Agent): IndexedAgent {
  const card = cardOf(agent)
  const { id, slug, tenant, owner, visibility, grants, lifecycle, updatedAt } = agent
  const { lastHeartbeatAt, heartbeatsDeclaredAt, dependsOn = [] } = agent
  const name = fold(card.name)
  const ranked = rankedWordsOf(agent, card)
  const texts = card.skills.flatMap(({ description, examples = [] }) => [description, ...examples])
  const terms = termsOf(agent, card)
  const others = wordsOf([card.description, ...texts].join(' '), MAX_OTHER_WORDS)
  return {
    listing: {
      id,
      tenant,
      owner,
      visibility,
      ...(grants !== undefined && needsGrants(agent) ? { grants } : {}),
      lifecycle,
      updatedAt,
      ...(lastHeartbeatAt === undefined ? {} : { lastHeartbeatAt }),
      heartbeatTtlMs: ttlOf(agent),
      ...(heartbeatsDeclaredAt === undefined ? {} : { heartbeatsDeclaredAt }),
      health: 'unknown',
      nameKey: name.slice(0, MAX_NAME_KEY_LENGTH),
      words: spacedWords(ranked),
      terms: within(MAX_TERM_CHARACTERS, terms),
    },
    terms: [...terms, ...dependsOn.map((other): Term => `dependency:${other}`)],
    names: `${name}\n${fold(slug)}`,
    words: [...new Set([...RANKED_FIELDS.flatMap((field) => ranked[field]), ...others])],
  }
}

type RankedWords = Readonly<Record<RankedField, readonly string[]>>

const rankedWordsOf = ({ slug }: Agent, card: AgentCard): RankedWords => ({
  name: wordsOf(`${card.name} ${slug}`, MAX_RANKED_WORDS),
  skills: wordsOf(card.skills.map(({ id, name }) => `${id} ${name}`).join(' '), MAX_RANKED_WORDS),
  tags: wordsOf(card.skills.flatMap(({ tags }) => tags).join(' '), MAX_RANKED_WORDS),
  provider: wordsOf(card.provider?.organization ?? '', MAX_RANKED_WORDS),
})

/** The words of its listing, by themselves. */
export const listedWordsOf = (agent: Agent): AgentListing['words'] =>
  spacedWords(rankedWordsOf(agent, cardOf(agent)))

const spacedWords = ({ name, skills, tags, provider }: RankedWords): AgentListing['words'] => ({
  name: spaced(name),
  skills: spaced(skills),
  tags: spaced(tags),
  provider: spaced(provider),
})

const needsGrants = (agent: Agent): boolean => agent.visibility === 'restricted' || !isLetIn(agent)

const spaced = (words: readonly string[]): string =>
  words.length === 0 ? '' : ` ${within(MAX_RANKED_CHARACTERS, [...new Set(words)]).join(' ')} `

/** The first of the texts, as many as have no more characters together, with one between them. */
function within<T extends string>(characters: number, texts: readonly T[]): readonly T[] {
  let left = characters
  const end = texts.findIndex((text) => {
    left -= text.length + 1
    return left < 0
  })
  return end < 0 ? texts : texts.slice(0, end)
}

function termsOf({ owner, lifecycle }: Agent, card: AgentCard): readonly Term[] {
  const { skills, capabilities, supportedInterfaces, provider } = card
  const modes = [
    ...card.defaultInputModes,
    ...card.defaultOutputModes,
    ...skills.flatMap(({ inputModes = [], outputModes = [] }) => [...inputModes, ...outputModes]),
  ]
  const terms: Readonly<Record<Facet, readonly string[]>> = {
    skill: skills.map(({ id }) => id),
    tag: skills.flatMap(({ tags }) => tags.map(fold)),
    capability: [
      ...(['streaming', 'pushNotifications', 'extendedAgentCard'] as const).filter(
        (name) => capabilities[name] === true,
      ),
      ...(capabilities.extensions ?? []).map(({ uri }) => uri),
    ],
    owner: [owner],
    provider: provider === undefined ? [] : [fold(provider.organization)],
    binding: supportedInterfaces.map(({ protocolBinding }) => protocolBinding),
    version: supportedInterfaces.map(({ protocolVersion }) => minorOf(protocolVersion)),
    mode: modes.map((mode) => mode.toLowerCase()),
    security: securityKindsOf(card),
    lifecycle: [lifecycle],
  }
  return FACETS.flatMap((facet) => [...new Set(terms[facet])].map((value): Term => `${facet}:${value}`))
}

const minorOf = (version: string): string => version.replace(/^(\d+\.\d+)\..*$/, '$1')

/** The term that a query's value for a facet means. */
export const termOf = (facet: Facet, value: string): Term => {
  if (facet === 'tag' || facet === 'provider') return `${facet}:${fold(value)}`
  return `${facet}:${facet === 'mode' ? value.toLowerCase() : facet === 'version' ? minorOf(value) : value}`
}
