/** Agent Cards of A2A 0.3 ⇄ those of 1.0, and one document that is both. Exact texts: unknown members are kept. */
import type { AgentCard, AgentInterface, DeclaredInterface } from '../agent-card.ts'
import { isObject, type JsonObject } from '../json-object.ts'
import {
  elementsOf,
  type JsonText,
  type Members,
  mapElements,
  membersOf,
  objectText,
  textOf,
} from '../json-text.ts'
import { findVersion } from '../version.ts'
import { invalidParams, parseJson } from '../wire.ts'
import { legacyCardViolations } from './card-schema.ts'
import {
  type Alternatives,
  requirementsFromV1,
  requirementsToV1,
  schemesFromV1,
  schemesToV1,
} from './card-security.ts'
import { readMembers } from './read.ts'

const DEFAULT_TRANSPORT = 'JSONRPC'

/** Whether a card is one of 0.3: it says at its top level where the agent is. A document that is both counts as 1.0. */
export const isLegacyCard = (value: unknown): boolean =>
  isObject(value) &&
  (value.supportedInterfaces ?? null) === null &&
  PLACE_MEMBERS.some((name) => (value[name] ?? null) !== null)

const PLACE_MEMBERS = ['url', 'preferredTransport', 'additionalInterfaces', 'protocolVersion']

/** Members of a card that the versions spell differently, and signatures, which are of a text that is no more. */
const TRANSLATED: ReadonlySet<string> = new Set([
  ...PLACE_MEMBERS,
  'supportedInterfaces',
  'capabilities',
  'supportsAuthenticatedExtendedCard',
  'securitySchemes',
  'security',
  'securityRequirements',
  'skills',
  'signatures',
])

/** What a card says in either version as it does in the other. */
const saidAlike = (card: Members) => [...card].filter(([name]) => !TRANSLATED.has(name))

/**
 * A 0.3 card as one of 1.0. Throws `invalid_params` naming everything that keeps it from being one of 0.3, and
 * `parse_error` for what is no JSON.
 */
export function decodeCard(text: string): JsonText<AgentCard> {
  const value = parseJson(text)
  const violations = legacyCardViolations(value)
  if (violations.length > 0 || !isObject(value)) throw invalidParams(violations)

  const card = readMembers(text)
  const schemes = card.get('securitySchemes')
  const { schemes: v1Schemes, alternatives } = schemesToV1(schemes ?? '{}')
  const requirements = requirementsAt('/security', card.get('security'), alternatives)
  return objectText([
    ...saidAlike(card),
    ['supportedInterfaces', textOf(interfacesOf(value).map(interfaceToV1))],
    ['capabilities', decodeCapabilities(card)],
    ['securitySchemes', schemes && v1Schemes],
    ['securityRequirements', requirements],
    ['skills', decodeSkills(card.get('skills') ?? '[]', alternatives)],
  ])
}

function decodeCapabilities(card: Members): string {
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

/** The interfaces of a card of 0.3, valid or not: the preferred one, then those it lists. The version is the whole card's. */
export function declaredInterfaces(card: JsonObject): readonly DeclaredInterface[] {
  const listed: readonly unknown[] = Array.isArray(card.additionalInterfaces) ? card.additionalInterfaces : []
  // Cards of early servers say neither.
  const binding = { pointer: '/preferredTransport', value: card.preferredTransport || DEFAULT_TRANSPORT }
  const version = { pointer: '/protocolVersion', value: card.protocolVersion || '0.3' }
  return [
    { url: { pointer: '/url', value: card.url }, binding, version },
    ...listed.flatMap((entry, index) => {
      if (!isObject(entry)) return []
      const pointer = `/additionalInterfaces/${index}`
      return {
        url: { pointer: `${pointer}/url`, value: entry.url },
        binding: { pointer: `${pointer}/transport`, value: entry.transport },
        version,
      }
    }),
  ]
}

/** Those of a valid card as 1.0 lists them: each once. */
function interfacesOf(card: JsonObject): readonly DeclaredInterface[] {
  const declared = declaredInterfaces(card)
  return declared.filter(({ url, binding }, index) => {
    const isSame = (other: DeclaredInterface) =>
      other.url.value === url.value && other.binding.value === binding.value
    return declared.findIndex(isSame) === index
  })
}

/** Patches do not matter and 1.0 does not write them. */
const interfaceToV1 = ({ url, binding, version }: DeclaredInterface) => ({
  url: url.value,
  protocolBinding: binding.value,
  protocolVersion: String(version.value).replace(/^(\d{1,4}\.\d{1,4})\..*$/s, '$1'),
})

/** Where a pointer into `decodeCard(text)` leads in the card that `value` was read from. */
export function pointerIntoLegacy(value: JsonObject, pointer: string): string {
  const [, index, member] = /^\/supportedInterfaces(?:\/(\d+)(?:\/(\w+))?)?$/.exec(pointer) ?? []
  if (pointer === '/supportedInterfaces') return '/url'
  const declared = index === undefined ? undefined : interfacesOf(value)[Number(index)]
  if (declared !== undefined) {
    const { url, binding, version } = declared
    return { protocolBinding: binding.pointer, protocolVersion: version.pointer }[member ?? ''] ?? url.pointer
  }
  if (pointer === '/capabilities/extendedAgentCard') return '/supportsAuthenticatedExtendedCard'
  return pointer.replace(/(?<=^|^\/skills\/\d+)\/securityRequirements/, '/security')
}

/**
 * A valid 1.0 card as one of 0.3, with its interfaces of 0.3 in their order, or all of them when none is. Those behind a
 * tenant are left out, as 0.3 has none; what 1.0 only has goes as an unknown member.
 */
export const encodeCard = (text: JsonText<AgentCard>): string =>
  encodeAs(text, schemesFromV1, requirementsFromV1)

/** The same in the form of 0.3's protobuf, where schemes and requirements are those of 1.0. */
export const encodeProtoCard = (text: JsonText<AgentCard>): string => encodeAs(text, same, same)

const same = (text: string): string => text

function encodeAs(
  text: string,
  schemes: (text: string) => string,
  requirements: (text: string) => string,
): string {
  const card = membersOf(text)
  const capabilities = membersOf(card.get('capabilities') ?? '{}')
  const reachable = legacyInterfaces(card).filter(({ tenant }) => !tenant)
  const preferred = reachable[0]
  const given = card.get('securitySchemes')
  const required = card.get('securityRequirements')
  return objectText([
    ['protocolVersion', '"0.3.0"'],
    ...saidAlike(card),
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

function legacyInterfaces(card: Members): readonly AgentInterface[] {
  const interfaces = JSON.parse(card.get('supportedInterfaces') ?? '[]') as AgentInterface[]
  const legacy = interfaces.filter(({ protocolVersion }) => findVersion(protocolVersion) === '0.3')
  return legacy.length > 0 ? legacy : interfaces
}

/**
 * One document that clients of either version read as theirs: a valid 1.0 card with what only `encodeCard` has of it added,
 * at every level. A security scheme has both the `type` and the member of 1.0; each reader skips the other.
 */
export const supersetCard = (text: JsonText<AgentCard>): string => merge(text, encodeCard(text))

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
