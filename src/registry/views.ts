import Type, { type Static } from 'typebox'
import { AgentCard, AgentInterface } from '../a2a/agent-card.ts'
import { SecurityRequirement } from '../a2a/security-scheme.ts'
import { type Agent, CARD_PROFILES, cardOf, profileOf, REDELIVERIES, VISIBILITIES } from './agent.ts'
import { CHANGE_KINDS } from './compare-cards.ts'
import { publishedRequirements } from './compose-card.ts'
import { CARD_UPDATES } from './drift/card-updates.ts'
import { type CurrentHealth, isAlive, isVerified } from './health/current-health.ts'
import { HealthSummary, healthSummary } from './health/health-summary.ts'
import { intervalOf, ttlOf } from './health/heartbeat-times.ts'
import type { Beaten } from './health/take-heartbeat.ts'
import { LIFECYCLES } from './lifecycle.ts'
import { RegistrationOptions } from './parse-registration.ts'
import type { PublicAddresses } from './public-addresses.ts'
import { invokeUrl, publishedCardUrl } from './public-urls.ts'
import { publishedInterfaces } from './published-interfaces.ts'
import { securityKindsOf } from './security-kinds.ts'
import { CANONICAL_FORMS } from './signatures/canonical-forms.ts'
import { SLUG_PATTERN } from './slug.ts'

const Time = Type.String({ format: 'date-time' })
const Url = Type.String({ format: 'uri' })

/** What `POST /agents/register` takes. `parseRegistration` judges it, with better messages than a union can give. */
export const RegistrationBody = Type.Union([
  AgentCard,
  Type.Object({ card: AgentCard, ...RegistrationOptions.properties }, { additionalProperties: false }),
  Type.Object({ cardUrl: Url, ...RegistrationOptions.properties }, { additionalProperties: false }),
  Type.Object({ url: Url, ...RegistrationOptions.properties }, { additionalProperties: false }),
])

const SignatureView = Type.Object({
  status: Type.Enum(['verified', 'untrusted'], { description: 'untrusted: made with a key we do not know' }),
  keyId: Type.Optional(Type.String()),
  algorithm: Type.Optional(Type.String()),
  form: Type.Optional(
    Type.Enum([...CANONICAL_FORMS], {
      description: 'How the card was written when it was signed',
    }),
  ),
})

const HeartbeatTimesView = {
  heartbeatIntervalMs: Type.Integer({ description: 'How often it is to beat, if it does' }),
  heartbeatTtlMs: Type.Integer({ description: 'How long a heartbeat counts' }),
}

/** An agent as the native API shows it. Texts of the card are the publisher's, and untrusted. */
export const AgentView = Type.Object({
  id: Type.String(),
  slug: Type.String({ pattern: SLUG_PATTERN }),
  name: Type.String(),
  description: Type.String(),
  version: Type.String({ description: "The agent's own version" }),
  owner: Type.String(),
  visibility: Type.Enum([...VISIBILITIES]),
  redelivery: Type.Enum([...REDELIVERIES]),
  cardProfile: Type.Enum([...CARD_PROFILES], {
    description: 'The form of card that clients get who ask for no version',
  }),
  lifecycle: Type.Enum([...LIFECYCLES]),
  successor: Type.Optional(
    Type.String({ description: 'Id of the agent to use in the place of one that is deprecated' }),
  ),
  refusal: Type.Optional(
    Type.Object({ reason: Type.String(), at: Time }, { description: 'Why an admin did not let a draft in' }),
  ),
  health: HealthSummary,
  alive: Type.Boolean({ description: 'Whether it is up or degraded: worth calling' }),
  verified: Type.Boolean({
    description: 'Whether it was seen doing what it is for, within the last 24 hours',
  }),
  ...HeartbeatTimesView,
  lastHeartbeatAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'Absent while it never beat' }),
  ),
  createdAt: Time,
  updatedAt: Time,
  skills: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      description: Type.String(),
      tags: Type.Array(Type.String()),
    }),
  ),
  capabilities: Type.Object(
    {
      streaming: Type.Boolean(),
      pushNotifications: Type.Boolean(),
      extendedAgentCard: Type.Boolean(),
      extensions: Type.Array(Type.String({ description: 'URI' })),
    },
    { description: 'What the agent declares; the published card says what the gateway offers' },
  ),
  signatures: Type.Array(SignatureView, {
    description: "What came of the signatures of the publisher's card",
  }),
  cardUrl: Type.Optional(Url),
  cardVersion: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Grows with every card that is different' }),
  ),
  cardUpdates: Type.Optional(
    Type.Enum([...CARD_UPDATES], {
      description:
        'Which changes of the card at cardUrl are applied by themselves; for who may manage the agent',
    }),
  ),
  proposedCard: Type.Optional(
    Type.Object(
      { verdict: Type.Enum([...CHANGE_KINDS]), at: Time },
      { description: 'That a card waits to become that of the agent; for who may manage the agent' },
    ),
  ),
  invokeUrl: Url,
  securityRequirements: Type.Array(SecurityRequirement, {
    description: 'What a client must show the gateway, as the published card says it: any one of these',
  }),
  security: Type.Array(
    Type.String({ description: 'apiKey, http, oauth2, openIdConnect, mutualTLS or none' }),
    { description: 'What the agent itself demands, of the gateway' },
  ),
})
export type AgentView = Static<typeof AgentView>

export const DependenciesView = Type.Object({
  items: Type.Array(Type.Object({ id: Type.String(), slug: Type.String(), name: Type.String() })),
})

export const HeartbeatView = Type.Object({
  id: Type.String(),
  health: HealthSummary,
  alive: Type.Boolean(),
  ...HeartbeatTimesView,
  lastHeartbeatAt: Time,
  nextHeartbeatAt: Type.String({ format: 'date-time', description: 'When the next is to come' }),
})
export type HeartbeatView = Static<typeof HeartbeatView>

export const InvokeUrlView = Type.Object({
  id: Type.String(),
  invokeUrl: Url,
  cardUrl: Type.String({ format: 'uri', description: 'The card the gateway publishes for the agent' }),
  protocolBinding: Type.String({ description: 'Of the preferred interface' }),
  protocolVersion: Type.String(),
  interfaces: Type.Array(AgentInterface, { description: 'Every way to call the agent, best first' }),
})
export type InvokeUrlView = Static<typeof InvokeUrlView>

/** What an agent does not know of itself. */
export type AgentSurroundings = {
  readonly health: CurrentHealth
  readonly now: number
  readonly addresses: PublicAddresses
  /** Whether it is shown to somebody who may manage it. */
  readonly mayManage: boolean
}

export function agentView(agent: Agent, { health, now, addresses, mayManage }: AgentSurroundings): AgentView {
  const card = cardOf(agent)
  return {
    id: agent.id,
    slug: agent.slug,
    name: card.name,
    description: card.description,
    version: card.version,
    owner: agent.owner,
    visibility: agent.visibility,
    redelivery: agent.redelivery,
    cardProfile: profileOf(agent),
    lifecycle: agent.lifecycle,
    ...(agent.successor === undefined ? {} : { successor: agent.successor }),
    ...(agent.refusal === undefined ? {} : { refusal: { ...agent.refusal, at: isoOf(agent.refusal.at) } }),
    health: healthSummary(health),
    alive: isAlive(health),
    verified: isVerified(health, now),
    ...heartbeatTimes(agent),
    ...(agent.lastHeartbeatAt === undefined ? {} : { lastHeartbeatAt: isoOf(agent.lastHeartbeatAt) }),
    createdAt: isoOf(agent.createdAt),
    updatedAt: isoOf(agent.updatedAt),
    skills: card.skills.map(({ id, name, description, tags }) => ({ id, name, description, tags })),
    capabilities: {
      streaming: card.capabilities.streaming ?? false,
      pushNotifications: card.capabilities.pushNotifications ?? false,
      extendedAgentCard: card.capabilities.extendedAgentCard ?? false,
      extensions: (card.capabilities.extensions ?? []).map((extension) => extension.uri),
    },
    signatures: [...(agent.signatures ?? [])],
    ...(agent.cardUrl === undefined ? {} : { cardUrl: agent.cardUrl }),
    ...(agent.cardVersion === undefined ? {} : { cardVersion: agent.cardVersion }),
    ...(mayManage && followedCard(agent)),
    invokeUrl: invokeUrl(addresses.http, agent),
    securityRequirements: publishedRequirements(addresses),
    security: [...securityKindsOf(card)],
  }
}

/** How the card at an agent's URL is followed. */
const followedCard = ({ cardUrl, cardUpdates = 'compatible', proposal }: Agent) => ({
  ...(cardUrl !== undefined && { cardUpdates }),
  ...(proposal && { proposedCard: { verdict: proposal.verdict, at: isoOf(proposal.at) } }),
})

export const dependenciesView = (agents: readonly Agent[]): Static<typeof DependenciesView> => ({
  items: agents.map((agent) => ({ id: agent.id, slug: agent.slug, name: cardOf(agent).name })),
})

const heartbeatTimes = (agent: Agent) => ({
  heartbeatIntervalMs: intervalOf(agent),
  heartbeatTtlMs: ttlOf(agent),
})

/** Of an agent that beat at `lastHeartbeatAt`. */
export const heartbeatView = ({ agent, lastHeartbeatAt, health }: Beaten): HeartbeatView => ({
  id: agent.id,
  health: healthSummary(health),
  alive: isAlive(health),
  ...heartbeatTimes(agent),
  lastHeartbeatAt: isoOf(lastHeartbeatAt),
  nextHeartbeatAt: isoOf(lastHeartbeatAt + intervalOf(agent)),
})

export const invokeUrlView = (agent: Agent, addresses: PublicAddresses): InvokeUrlView => ({
  id: agent.id,
  invokeUrl: invokeUrl(addresses.http, agent),
  cardUrl: publishedCardUrl(addresses.http, agent),
  protocolBinding: 'JSONRPC',
  protocolVersion: '1.0',
  interfaces: [...publishedInterfaces(agent, addresses)],
})

const isoOf = (at: number): string => new Date(at).toISOString()
