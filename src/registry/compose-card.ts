import type { AgentCard } from '../a2a/agent-card.ts'
import { type JsonText, mapElements, membersOf, objectText, textOf } from '../a2a/json-text.ts'
import type { SecurityRequirement } from '../a2a/security-scheme.ts'
import type { Scope } from '../access/principal.ts'
import { type Agent, cardOf } from './agent.ts'
import { presentCard } from './present-card.ts'
import type { PublicAddresses } from './public-addresses.ts'
import { publishedInterfaces } from './published-interfaces.ts'

/** The scope is named because it is true, and because verifiers differ in what an empty list leaves of the whole. */
const NEEDED: Scope = 'tasks:submit'

/** A credential the gateway accepts, in the form of A2A 1.0 §4.5, and what it must allow. */
type Accepted = readonly [name: string, scheme: object, scope: string]

const KEYS: readonly Accepted[] = [
  ['parley', { httpAuthSecurityScheme: { scheme: 'Bearer' } }, NEEDED],
  ['parleyKey', { apiKeySecurityScheme: { location: 'header', name: 'X-API-Key' } }, NEEDED],
]

/** Tokens are bearer credentials already; whose they are is for clients that can get one. */
const acceptedBy = ({ issuers = [] }: PublicAddresses): readonly Accepted[] => [
  ...KEYS,
  ...issuers.flatMap(({ alias, openIdUrl, submitScope }): readonly Accepted[] =>
    openIdUrl === undefined
      ? []
      : [[`oidc-${alias}`, { openIdConnectSecurityScheme: { openIdConnectUrl: openIdUrl } }, submitScope]],
  ),
]

const schemesOf = (accepted: readonly Accepted[]): object =>
  Object.fromEntries(accepted.map(([name, scheme]) => [name, scheme]))

const requirementsOf = (accepted: readonly Accepted[]): SecurityRequirement[] =>
  accepted.map(([name, , scope]) => ({ schemes: { [name]: { list: [scope] } } }))

/** What every card we publish says that a client must show us: any one of these. */
export const publishedRequirements = (addresses: PublicAddresses): SecurityRequirement[] =>
  requirementsOf(acceptedBy(addresses))

/**
 * A name as the most lenient reader takes it: by either of its names in ProtoJSON, in whatever case, as the JSON of Go's
 * standard library does. What stands for ours in any reader's eyes must be ours.
 */
const folded = (name: string): string => name.replaceAll('_', '').toUpperCase().toLowerCase()

/** Members that say where and how an agent is called, in A2A 1.0 and before: ours to say. */
const OURS: ReadonlySet<string> = new Set(
  [
    'supportedInterfaces',
    'capabilities',
    'securitySchemes',
    'securityRequirements',
    'skills',
    'signatures',
    'url',
    'preferredTransport',
    'additionalInterfaces',
    'protocolVersion',
    'security',
    'supportsAuthenticatedExtendedCard',
    'authentication',
    // To readers in JavaScript it can stand for any of them.
    '__proto__',
  ].map(folded),
)

const isOurs = (name: string): boolean => OURS.has(folded(name))

/**
 * Our own card in the agent's place, in the form of 1.0: what the agent is, as its publisher says; where and how it is
 * called, as we do. Members we do not know are kept. Signatures are dropped: they are of another card.
 *
 * `card` is the agent's own or, for its extended one, what the agent answered; in the form of 1.0.
 */
export function composeCard(
  agent: Agent,
  addresses: PublicAddresses,
  card: JsonText<AgentCard> = agent.card,
): JsonText<AgentCard> {
  const said = membersOf(presentCard(card, 'keep'))
  const accepted = acceptedBy(addresses)
  return objectText([
    ...[...said].filter(([name]) => !isOurs(name)),
    ['supportedInterfaces', textOf(publishedInterfaces(agent, addresses))],
    ['capabilities', offeredCapabilities(agent, said.get('capabilities'))],
    ['securitySchemes', textOf(schemesOf(accepted))],
    ['securityRequirements', textOf(requirementsOf(accepted))],
    ['skills', mapElements(said.get('skills') ?? '[]', publishedSkill)],
  ])
}

/** The gateway streams whether or not the agent does; extensions are between the client and the agent. */
const offeredCapabilities = (agent: Agent, capabilities = '{}'): string =>
  objectText([
    ['streaming', 'true'],
    ['pushNotifications', 'false'],
    ['extendedAgentCard', String(hasExtendedCard(agent))],
    ['extensions', membersOf(capabilities).get('extensions')],
  ])

/** Whether the agent says that it shows more to those it knows (A2A 1.0 §3.1.11). */
export const hasExtendedCard = (agent: Agent): boolean =>
  cardOf(agent).capabilities.extendedAgentCard === true

/** What a skill takes to be called at the agent is not what it takes to be called here. */
const publishedSkill = (skill: string): string =>
  objectText([...membersOf(skill)].filter(([name]) => !isOurs(name)))
