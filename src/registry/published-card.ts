import type { AgentCard } from '../a2a/agent-card.ts'
import { elementsOf, type JsonText, membersOf, objectText, textOf, withMembers } from '../a2a/json-text.ts'
import type { Agent } from './agent.ts'
import { invokeUrl } from './invoke-url.ts'

/** The credentials the gateway accepts, in the form of A2A 1.0 §4.5. */
const SECURITY_SCHEMES = {
  parley: { httpAuthSecurityScheme: { scheme: 'Bearer' } },
  parleyKey: { apiKeySecurityScheme: { location: 'header', name: 'X-API-Key' } },
}
const SECURITY_REQUIREMENTS = [
  { schemes: { parley: { list: [] } } },
  { schemes: { parleyKey: { list: [] } } },
]

/** Members of A2A 0.3 that would lead clients past the gateway or promise what it does not do. */
const LEGACY_MEMBERS = {
  url: undefined,
  preferredTransport: undefined,
  additionalInterfaces: undefined,
  protocolVersion: undefined,
  security: undefined,
  supportsAuthenticatedExtendedCard: undefined,
}

/**
 * Our own card in the agent's place: what the agent is, as its publisher says; where and how it is called, as we do.
 * Members we do not know are kept. Signatures are dropped: they are of another card.
 */
export function publishedCard(agent: Agent, publicUrl: string): JsonText<AgentCard> {
  const card = membersOf(agent.card)
  const supportedInterfaces = [
    { url: invokeUrl(publicUrl, agent), protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
  ]
  return withMembers(agent.card, {
    ...LEGACY_MEMBERS,
    supportedInterfaces: textOf(supportedInterfaces),
    capabilities: offeredCapabilities(card.get('capabilities') ?? '{}'),
    securitySchemes: textOf(SECURITY_SCHEMES),
    securityRequirements: textOf(SECURITY_REQUIREMENTS),
    skills: `[${elementsOf(card.get('skills') ?? '[]')
      .map(publishedSkill)
      .join(',')}]`,
    signatures: undefined,
  })
}

/** The gateway streams whether or not the agent does; extensions are between the client and the agent. */
const offeredCapabilities = (capabilities: string): string =>
  objectText([
    ['streaming', 'true'],
    ['pushNotifications', 'false'],
    ['extendedAgentCard', 'false'],
    ['extensions', membersOf(capabilities).get('extensions')],
  ])

/** What a skill takes to be called at the agent is not what it takes to be called here. */
const publishedSkill = (skill: string): string =>
  withMembers(skill, { securityRequirements: undefined, security: undefined })
