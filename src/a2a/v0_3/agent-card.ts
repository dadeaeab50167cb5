/** Agent Cards of A2A 0.3 ⇄ those of 1.0, and one document that is both. Exact texts: unknown members are kept. */
import type { AgentCard, AgentInterface } from '../agent-card.ts'
import { isObject } from '../json-object.ts'
import { elementsOf, type JsonText, mapElements, membersOf, objectText, textOf } from '../json-text.ts'
import { findVersion } from '../version.ts'
import { invalidParams, parseJson } from '../wire.ts'
import { type LegacyAgentCard, legacyCardViolations } from './card-schema.ts'
import {
  type Alternatives,
  requirementsFromV1,
  requirementsToV1,
  schemesFromV1,
  schemesToV1,
} from './card-security.ts'
import { asWritten, readMembers, readValue } from './read.ts'

const DEFAULT_TRANSPORT = 'JSONRPC'

/** Whether a card is one of 0.3: it says at its top level where the agent is. A document that is both counts as 1.0. */
export const isLegacyCard = (value: unknown): boolean =>
  isObject(value) &&
  (value.supportedInterfaces ?? null) === null &&
  PLACE_MEMBERS.some((name) => (value[name] ?? null) !== null)

const PLACE_MEMBERS = ['url', 'preferredTransport', 'additionalInterfaces', 'protocolVersion']

/** Members that only 0.3 has at the top level of a card, and signatures, which are of a text that is no more. */
const LEGACY_MEMBERS = [...PLACE_MEMBERS, 'security', 'supportsAuthenticatedExtendedCard', 'signatures']

/**
 * A 0.3 card as one of 1.0. Throws `invalid_params` naming everything that keeps it from being one of 0.3, and
 * `parse_error` for what is no JSON.
 */
export function decodeCard(text: string): JsonText<AgentCard> {
  const value = parseJson(text)
  const violations = legacyCardViolations(value)
  if (violations.length > 0) throw invalidParams(violations)

  const card = readMembers(text)
  const schemes = card.get('securitySchemes')
  const { schemes: v1Schemes, alternatives } = schemesToV1(schemes ?? '{}')
  const requirements = requirementsAt('/security', card.get('security'), alternatives)
  return objectText([
    ...[...card].filter(([name]) => !LEGACY_MEMBERS.includes(name) && !REWRITTEN.includes(name)),
    ['supportedInterfaces', textOf(interfacesOf(value).map(({ found }) => found))],
    ['capabilities', decodeCapabilities(card)],
    ['securitySchemes', schemes && v1Schemes],
    ['securityRequirements', requirements],
    ['skills', decodeSkills(card.get('skills') ?? '[]', alternatives)],
  ])
}

const REWRITTEN = ['supportedInterfaces', 'capabilities', 'securitySchemes', 'securityRequirements', 'skills']

function decodeCapabilities(card: ReadonlyMap<string, string>): string {
  const capabilities = readMembers(card.get('capabilities') ?? '{}')
  return objectText([
    ...[...capabilities].filter(
      ([name]) => name !== 'stateTransitionHistory' && name !== 'extendedAgentCard',
    ),
    ['extendedAgentCard', card.get('supportsAuthenticatedExtendedCard')],
  ])
}

const decodeSkills = (text: string, alternatives: Alternatives): string =>
  mapElements(text, (skill, index) => {
    const members = readMembers(skill)
    const own = [...members].filter(([name]) => name !== 'security' && name !== 'securityRequirements')
    const security = requirementsAt(`/skills/${index}/security`, members.get('security'), alternatives)
    return objectText([...own, ['securityRequirements', security]])
  })

function requirementsAt(
  pointer: string,
  security: string | undefined,
  alternatives: Alternatives,
): string | undefined {
  if (security === undefined) return undefined
  const requirements = requirementsToV1(security, alternatives)
  if (requirements !== undefined) return requirements
  throw invalidParams([{ pointer, code: 'too_many', message: 'allows too many combinations of OAuth flows' }])
}

/** An interface that a 0.3 card names, and the members that name its URL and its transport. */
type NamedInterface = {
  readonly found: AgentInterface
  readonly url: string
  readonly transport: string
}

/** Those of a valid card in its order of preference, each once. */
function interfacesOf(value: unknown): readonly NamedInterface[] {
  const card = readValue(value, asWritten) as LegacyAgentCard
  const protocolVersion = shortVersion(card.protocolVersion || '0.3')
  const named = [
    { url: card.url, transport: card.preferredTransport || DEFAULT_TRANSPORT },
    ...(card.additionalInterfaces ?? []),
  ].map(({ url, transport }, index) => ({
    found: { url, protocolBinding: transport, protocolVersion },
    url: index === 0 ? '/url' : `/additionalInterfaces/${index - 1}/url`,
    transport: index === 0 ? '/preferredTransport' : `/additionalInterfaces/${index - 1}/transport`,
  }))
  const keyOf = ({ found }: NamedInterface) => `${found.protocolBinding} ${found.url}`
  return [...new Map(named.toReversed().map((one) => [keyOf(one), one])).values()].toReversed()
}

/** Patches do not matter and 1.0 does not write them. */
const shortVersion = (version: string): string => /^\d{1,4}\.\d{1,4}(?=\.)/.exec(version)?.[0] ?? version

/** Where a pointer into `decodeCard(text)` leads in the card that `value` was read from. */
export function pointerIntoLegacy(value: unknown, pointer: string): string {
  const [, index, member] = /^\/supportedInterfaces(?:\/(\d+)(?:\/(\w+))?)?$/.exec(pointer) ?? []
  if (pointer === '/supportedInterfaces') return '/url'
  const named = index === undefined ? undefined : interfacesOf(value)[Number(index)]
  if (named !== undefined) {
    return (
      { protocolBinding: named.transport, protocolVersion: '/protocolVersion' }[member ?? ''] ?? named.url
    )
  }
  if (pointer === '/capabilities/extendedAgentCard') return '/supportsAuthenticatedExtendedCard'
  return pointer.replace(/(?<=^|^\/skills\/\d+)\/securityRequirements/, '/security')
}

/**
 * A valid 1.0 card as one of 0.3 that offers `interfaces`, the preferred one first. Interfaces behind a tenant are left
 * out, as 0.3 has none; what 1.0 only has goes as an unknown member.
 */
export const encodeCard = (text: JsonText<AgentCard>, interfaces: readonly AgentInterface[]): string =>
  encodeAs(text, interfaces, schemesFromV1, requirementsFromV1)

/** The same in the form of 0.3's protobuf, where schemes and requirements are those of 1.0. */
export const encodeProtoCard = (text: JsonText<AgentCard>, interfaces: readonly AgentInterface[]): string =>
  encodeAs(text, interfaces, same, same)

const same = (text: string): string => text

function encodeAs(
  text: string,
  interfaces: readonly AgentInterface[],
  schemes: (text: string) => string,
  requirements: (text: string) => string,
): string {
  const card = membersOf(text)
  const capabilities = membersOf(card.get('capabilities') ?? '{}')
  const reachable = interfaces.filter(({ tenant }) => !tenant)
  const preferred = reachable[0]
  const given = card.get('securitySchemes')
  const required = card.get('securityRequirements')
  return objectText([
    ['protocolVersion', '"0.3.0"'],
    ...[...card].filter(([name]) => !LEGACY_MEMBERS.includes(name) && !REWRITTEN.includes(name)),
    ['url', textOf(preferred?.url ?? '')],
    ['preferredTransport', textOf(preferred?.protocolBinding ?? DEFAULT_TRANSPORT)],
    [
      'additionalInterfaces',
      textOf(reachable.map(({ url, protocolBinding }) => ({ url, transport: protocolBinding }))),
    ],
    ['capabilities', objectText([...capabilities].filter(([name]) => name !== 'extendedAgentCard'))],
    ['supportsAuthenticatedExtendedCard', capabilities.get('extendedAgentCard')],
    ['securitySchemes', given && schemes(given)],
    ['security', required && requirements(required)],
    ['skills', mapElements(card.get('skills') ?? '[]', (skill) => encodeSkill(skill, requirements))],
  ])
}

function encodeSkill(text: string, requirements: (text: string) => string): string {
  const skill = membersOf(text)
  const required = skill.get('securityRequirements')
  return objectText([
    ...[...skill].filter(([name]) => name !== 'securityRequirements' && name !== 'security'),
    ['security', required && requirements(required)],
  ])
}

/** The interfaces of 0.3 that a 1.0 card names; all of them when it names none. */
export function legacyInterfaces(text: JsonText<AgentCard>): readonly AgentInterface[] {
  const interfaces = JSON.parse(membersOf(text).get('supportedInterfaces') ?? '[]') as AgentInterface[]
  const legacy = interfaces.filter(({ protocolVersion }) => findVersion(protocolVersion) === '0.3')
  return legacy.length > 0 ? legacy : interfaces
}

/**
 * One document that clients of either version read as theirs: `v1` with what only `legacy` has added, at every level.
 * A security scheme has both the `type` and the member of 1.0; each reader skips the other.
 */
export const supersetCard = (v1: JsonText<AgentCard>, legacy: string): string => merge(v1, legacy)

function merge(first: string, second: string): string {
  if (first[0] === '{' && second[0] === '{') {
    const added = membersOf(second)
    const members = [...membersOf(first)].map(([name, value]) => {
      const other = added.get(name)
      return [name, other === undefined ? value : merge(value, other)] as const
    })
    const known = new Set(members.map(([name]) => name))
    return objectText([...members, ...[...added].filter(([name]) => !known.has(name))])
  }
  if (first[0] === '[' && second[0] === '[') {
    const others = elementsOf(second)
    return mapElements(first, (item, index) => merge(item, others[index] ?? item))
  }
  return first
}
