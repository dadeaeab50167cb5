import type { AgentCard } from '../a2a/agent-card.ts'
import { isObject } from '../a2a/json-object.ts'
import { pointerTo } from '../a2a/wire.ts'
import type { CardSignature } from './signatures/verify-signatures.ts'

/** What a change of a card means to who relies on the agent, the gravest first. */
export const CHANGE_KINDS = ['breaking', 'text', 'compatible', 'cosmetic'] as const
/**
 * - `breaking`: calls that worked may fail, go elsewhere, or be trusted for other reasons
 * - `text`: what people and models read of the agent is different
 * - `compatible`: it can do more than it could
 * - `cosmetic`: nothing that anybody acts on
 */
export type ChangeKind = (typeof CHANGE_KINDS)[number]

export type CardChange = {
  readonly kind: ChangeKind
  /** JSON pointer into the card in the form of 1.0: the newer one or, for what is gone, the older. */
  readonly pointer: string
  readonly message: string
}

/** A card that was judged to be valid, in the form of 1.0, and what came of its signatures. */
export type ComparedCard = {
  readonly card: AgentCard
  readonly signatures: readonly CardSignature[]
}

/** Everything that differs between two cards of one agent, the gravest first; nothing when they say the same. */
export function compareCards(before: ComparedCard, after: ComparedCard): readonly CardChange[] {
  const found = [
    ...interfaceChanges(before.card, after.card),
    ...securityChanges(before.card, after.card),
    ...capabilityChanges(before.card, after.card),
    ...skillChanges(before.card, after.card),
    ...modeChanges('', before.card, after.card, ['defaultInputModes', 'defaultOutputModes']),
    ...signatureChanges(before.signatures, after.signatures),
    ...otherChanges(before.card, after.card),
  ]
  return CHANGE_KINDS.flatMap((kind) => found.filter((change) => change.kind === kind))
}

/** The gravest kind among changes; `cosmetic` when there are none. */
export const verdictOf = (changes: readonly CardChange[]): ChangeKind => changes[0]?.kind ?? 'cosmetic'

const breaking = (pointer: string, message: string): CardChange => ({ kind: 'breaking', pointer, message })
const text = (pointer: string, message: string): CardChange => ({ kind: 'text', pointer, message })
const compatible = (pointer: string, message: string): CardChange => ({
  kind: 'compatible',
  pointer,
  message,
})
const cosmetic = (pointer: string, message: string): CardChange => ({ kind: 'cosmetic', pointer, message })

type Interface = AgentCard['supportedInterfaces'][number]
type Skill = AgentCard['skills'][number]

function* interfaceChanges(before: AgentCard, after: AgentCard): Generator<CardChange> {
  const old = before.supportedInterfaces
  const now = after.supportedInterfaces
  const origins = new Set(old.map(originOf))
  for (const [index, each] of old.entries()) {
    if (!now.some((other) => isSameInterface(each, other))) {
      yield breaking(`/supportedInterfaces/${index}`, 'is gone: calls went there')
    }
  }
  for (const [index, each] of now.entries()) {
    if (old.some((other) => isSameInterface(each, other))) continue
    const pointer = `/supportedInterfaces/${index}`
    yield origins.has(originOf(each))
      ? compatible(pointer, 'is new')
      : breaking(`${pointer}/url`, `leads to another server, ${originOf(each)}`)
  }
  if (old[0] !== undefined && now[0] !== undefined && !isSameInterface(old[0], now[0])) {
    const isKnown = old.some((other) => now[0] !== undefined && isSameInterface(now[0], other))
    if (isKnown) yield compatible('/supportedInterfaces/0', 'is preferred now')
  }
}

const isSameInterface = (a: Interface, b: Interface): boolean =>
  a.url === b.url &&
  a.protocolBinding === b.protocolBinding &&
  a.protocolVersion === b.protocolVersion &&
  (a.tenant ?? '') === (b.tenant ?? '')

/** Scheme, host and port; of an address that is no URL, the whole of it. */
function originOf({ url }: Interface): string {
  const parsed = URL.parse(url)
  return parsed === null || parsed.origin === 'null' ? url : parsed.origin
}

/** Whatever differs about security is a matter for who trusts the agent: weaker and stricter alike. */
function* securityChanges(before: AgentCard, after: AgentCard): Generator<CardChange> {
  const old = before.securitySchemes ?? {}
  const now = after.securitySchemes ?? {}
  for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) {
    const pointer = `/securitySchemes${pointerTo(name)}`
    const [was, is] = [withoutTexts(old[name]), withoutTexts(now[name])]
    if (is === undefined) yield breaking(pointer, 'is gone')
    else if (was === undefined) yield compatible(pointer, 'is new')
    else if (!isSame(was, is)) yield breaking(pointer, 'asks for something else')
    else if (!isSame(old[name], now[name])) yield text(pointer, 'is described otherwise')
  }
  if (!isSame(before.securityRequirements ?? [], after.securityRequirements ?? [])) {
    yield breaking('/securityRequirements', 'differ: callers must authenticate otherwise')
  }
}

function* capabilityChanges(before: AgentCard, after: AgentCard): Generator<CardChange> {
  for (const name of ['streaming', 'pushNotifications', 'extendedAgentCard'] as const) {
    const [was, is] = [before.capabilities[name] === true, after.capabilities[name] === true]
    if (was && !is) yield breaking(`/capabilities/${name}`, 'is off')
    if (!was && is) yield compatible(`/capabilities/${name}`, 'is on')
  }
  const old = before.capabilities.extensions ?? []
  const now = after.capabilities.extensions ?? []
  for (const [index, { uri }] of old.entries()) {
    if (!now.some((other) => other.uri === uri)) {
      yield breaking(`/capabilities/extensions/${index}`, `is gone: ${uri}`)
    }
  }
  for (const [index, each] of now.entries()) {
    const pointer = `/capabilities/extensions/${index}`
    const was = old.find(({ uri }) => uri === each.uri)
    if (each.required === true && was?.required !== true) yield breaking(pointer, `is required: ${each.uri}`)
    else if (was === undefined) {
      const { uri, required: _, ...told } = each
      yield Object.keys(told).length > 0
        ? text(pointer, `is new: ${uri}`)
        : compatible(pointer, `is new: ${uri}`)
    } else if (!isSame({ ...was, required: true }, { ...each, required: true })) {
      yield text(pointer, 'is described otherwise')
    }
  }
}

function* skillChanges(before: AgentCard, after: AgentCard): Generator<CardChange> {
  for (const [index, { id }] of before.skills.entries()) {
    if (!after.skills.some((skill) => skill.id === id)) yield breaking(`/skills/${index}`, `is gone: ${id}`)
  }
  for (const [index, skill] of after.skills.entries()) {
    const pointer = `/skills/${index}`
    const was = before.skills.find(({ id }) => id === skill.id)
    if (was === undefined) yield text(pointer, `is new: ${skill.id}`)
    else yield* changesOfSkill(pointer, was, skill)
  }
}

const SKILL_TEXTS = ['name', 'description', 'tags', 'examples'] as const

function* changesOfSkill(pointer: string, was: Skill, is: Skill): Generator<CardChange> {
  for (const member of SKILL_TEXTS) {
    if (!isSame(was[member] ?? [], is[member] ?? [])) yield text(`${pointer}/${member}`, 'reads otherwise')
  }
  yield* modeChanges(pointer, was, is, ['inputModes', 'outputModes'])
  if (!isSame(was.securityRequirements ?? [], is.securityRequirements ?? [])) {
    yield breaking(`${pointer}/securityRequirements`, 'differ: callers must authenticate otherwise')
  }
  for (const name of membersThatDiffer(was, is)) {
    if (!JUDGED_OF_SKILLS.has(name)) yield text(`${pointer}${pointerTo(name)}`, 'reads otherwise')
  }
}

const JUDGED_OF_SKILLS: ReadonlySet<string> = new Set([
  ...SKILL_TEXTS,
  'inputModes',
  'outputModes',
  'securityRequirements',
])

type ModeMember = 'defaultInputModes' | 'defaultOutputModes' | 'inputModes' | 'outputModes'

/** A list that is absent says nothing, so that its coming and going narrows or widens. */
function* modeChanges<M extends ModeMember>(
  pointer: string,
  before: Readonly<Partial<Record<M, readonly string[]>>>,
  after: Readonly<Partial<Record<M, readonly string[]>>>,
  members: readonly M[],
): Generator<CardChange> {
  for (const member of members) {
    const [was, is] = [before[member], after[member]]
    if (isSame(was ?? null, is ?? null)) continue
    const lost =
      is === undefined ? [] : was === undefined ? ['any'] : was.filter((mode) => !is.includes(mode))
    yield lost.length > 0
      ? breaking(`${pointer}/${member}`, `are fewer: ${lost.join(', ')}`)
      : compatible(`${pointer}/${member}`, 'are more, or in another order')
  }
}

/**
 * A signature counts when it was verified; which key made it says who vouches for the card. Each key that is gone matters: else
 * one that came to it would vouch alone in the end.
 */
function* signatureChanges(
  before: readonly CardSignature[],
  after: readonly CardSignature[],
): Generator<CardChange> {
  const keysOf = (signatures: readonly CardSignature[]) =>
    signatures.filter(({ status }) => status === 'verified').map(({ keyId = '' }) => keyId)
  const [was, is] = [keysOf(before), keysOf(after)]
  if (was.length > 0 && is.length === 0) yield breaking('/signatures', 'do not vouch for the card any more')
  else if (was.length > 0 && !is.some((key) => was.includes(key))) {
    yield breaking('/signatures', 'are made with another key')
  } else if (!was.every((key) => is.includes(key))) {
    yield breaking('/signatures', 'are fewer: one who vouched for the card does so no more')
  } else if (is.length > 0 && was.length === 0) yield compatible('/signatures', 'vouch for the card now')
}

const READ_MEMBERS = ['name', 'description', 'provider'] as const

const JUDGED_MEMBERS: ReadonlySet<string> = new Set([
  ...READ_MEMBERS,
  'supportedInterfaces',
  'securitySchemes',
  'securityRequirements',
  'capabilities',
  'skills',
  'defaultInputModes',
  'defaultOutputModes',
  'signatures',
])

/** A version as programs are numbered, and no sentence. */
const PLAIN_VERSION = /^[\w.+-]{0,64}$/

/** What nobody acts on. What we do not know is published too, and a model reads it as it reads the rest. */
const isCosmetic = (member: string, { version }: AgentCard): boolean =>
  member === 'iconUrl' || (member === 'version' && PLAIN_VERSION.test(version))

function* otherChanges(before: AgentCard, after: AgentCard): Generator<CardChange> {
  for (const member of READ_MEMBERS) {
    if (!isSame(before[member] ?? null, after[member] ?? null)) yield text(`/${member}`, 'reads otherwise')
  }
  for (const name of membersThatDiffer(before, after)) {
    if (JUDGED_MEMBERS.has(name)) continue
    yield isCosmetic(name, after)
      ? cosmetic(pointerTo(name), 'differs')
      : text(pointerTo(name), 'reads otherwise')
  }
}

const membersThatDiffer = (before: object, after: object): readonly string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !isSame(Reflect.get(before, name) ?? null, Reflect.get(after, name) ?? null),
  )

/** Without what only people read. */
function withoutTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTexts)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'description')
      .map(([name, member]) => [name, withoutTexts(member)]),
  )
}

/** Equal as JSON, whatever the order of members. */
function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSame(item, b[index]))
  }
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a)
    return (
      names.length === Object.keys(b).length &&
      names.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]))
    )
  }
  return a === b
}
