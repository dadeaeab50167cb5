import { isObject, type JsonObject } from '../../a2a/json-object.ts'
import { SCHEME_KINDS } from '../../a2a/security-scheme.ts'
import { pointerTo } from '../../a2a/wire.ts'
import type { Violation } from '../../errors.ts'
import { MODE_WORDS } from './content-rules.ts'
import { entriesOf, itemsOf, membersIn } from './entries.ts'
import { isOldScheme } from './security-rules.ts'

/**
 * What a card could do better, in either version: it is accepted as it is. Mostly spellings of other versions, which readers
 * of this one do not see.
 */
export const cardAdvice = (card: JsonObject, isLegacy: boolean): readonly Violation[] => [
  ...modeAdvice(card),
  ...flowAdvice(card, isLegacy),
  ...spellingAdvice(card, isLegacy),
  ...unusedAdvice(card, isLegacy ? 'security' : 'securityRequirements'),
  ...(isLegacy ? [] : sameInterfaces(card)),
]

const MODE_MEMBERS = ['defaultInputModes', 'defaultOutputModes', 'inputModes', 'outputModes']

function* modeAdvice(card: JsonObject): Generator<Violation> {
  for (const holder of [{ pointer: '', value: card }, ...entriesOf(card.skills, '/skills')]) {
    for (const member of MODE_MEMBERS) {
      for (const { pointer, value } of itemsOf(holder.value[member], `${holder.pointer}/${member}`)) {
        const meant =
          typeof value === 'string' && Object.hasOwn(MODE_WORDS, value) ? MODE_WORDS[value] : undefined
        if (meant === undefined) continue
        yield { pointer, code: 'media_type', message: 'is no media type', hint: `Write ${meant}` }
      }
    }
  }
}

/** Flows that OAuth 2.1 has done away with, and A2A 1.0 deprecates. */
const DEPRECATED_FLOWS = ['implicit', 'password']

function* flowAdvice(card: JsonObject, isLegacy: boolean): Generator<Violation> {
  for (const scheme of membersIn(card.securitySchemes, '/securitySchemes')) {
    const holders = isLegacy ? [scheme] : membersIn(scheme.value, scheme.pointer)
    for (const { pointer, value } of holders) {
      for (const flow of DEPRECATED_FLOWS) {
        if (!isObject(value.flows) || !Object.hasOwn(value.flows, flow)) continue
        yield {
          pointer: `${pointer}/flows/${flow}`,
          code: 'deprecated',
          message: 'is a flow that should not be used any more',
          hint: 'Offer authorizationCode or clientCredentials',
        }
      }
    }
  }
}

/** Members of other versions, and what 1.0 says instead. What says the same in both ways is a card for both. */
type OldMember = { readonly now: string; readonly isSaid: (card: JsonObject) => boolean }

const OLD_MEMBERS: Readonly<Record<string, OldMember>> = {
  url: { now: 'supportedInterfaces', isSaid: (card) => card.supportedInterfaces !== undefined },
  security: { now: 'securityRequirements', isSaid: (card) => card.securityRequirements !== undefined },
  supportsAuthenticatedExtendedCard: {
    now: 'capabilities.extendedAgentCard',
    isSaid: ({ capabilities }) => isObject(capabilities) && capabilities.extendedAgentCard !== undefined,
  },
}

/** Members that were gone before 0.3. */
const OLDEST_MEMBERS: Readonly<Record<string, OldMember>> = {
  authentication: { now: 'securitySchemes', isSaid: (card) => card.securitySchemes !== undefined },
}

function* spellingAdvice(card: JsonObject, isLegacy: boolean): Generator<Violation> {
  const old = isLegacy ? OLDEST_MEMBERS : { ...OLD_MEMBERS, ...OLDEST_MEMBERS }
  for (const [name, { now, isSaid }] of Object.entries(old)) {
    if (!Object.hasOwn(card, name) || isSaid(card)) continue
    const message = 'is of an older A2A, and not seen by readers of this one'
    yield { pointer: pointerTo(name), code: 'old_spelling', message, hint: `Write ${now}` }
  }
  for (const { pointer, value } of membersIn(card.securitySchemes, '/securitySchemes')) {
    if (!isLegacy && isOldScheme(value) && !SCHEME_KINDS.some((kind) => Object.hasOwn(value, kind))) {
      yield {
        pointer,
        code: 'old_spelling',
        message: 'says in the words of A2A 0.3 alone what it is; readers of 1.0 do not see it',
        hint: 'Write {"httpAuthSecurityScheme": {"scheme": "Bearer"}}, or the member of its kind',
      }
    }
    if (!isObject(value.scheme) || !Object.hasOwn(value.scheme, '$case')) continue
    yield {
      pointer: `${pointer}/scheme`,
      code: 'old_spelling',
      message: 'is how some servers print a choice; it is read as what it means',
      hint: `Write {${JSON.stringify(value.scheme.$case)}: …}`,
    }
  }
}

function* unusedAdvice(card: JsonObject, member: string): Generator<Violation> {
  const schemes = isObject(card.securitySchemes) ? Object.keys(card.securitySchemes) : []
  const holders = [card, ...entriesOf(card.skills, '/skills').map(({ value }) => value)]
  const isRequired = holders.some((holder) => Array.isArray(holder[member]) && holder[member].length > 0)
  if (schemes.length === 0 || isRequired) return
  yield {
    pointer: '/securitySchemes',
    code: 'unused',
    message: 'says how callers may authenticate, but nothing requires it: calls need no credential',
    hint: `Add ${member}`,
  }
}

function* sameInterfaces(card: JsonObject): Generator<Violation> {
  const seen = new Map<string, string>()
  for (const { pointer, value } of entriesOf(card.supportedInterfaces, '/supportedInterfaces')) {
    const { url, protocolBinding, protocolVersion, tenant = '' } = value
    const key = JSON.stringify([url, protocolBinding, protocolVersion, tenant])
    const first = seen.get(key)
    if (first === undefined) seen.set(key, pointer)
    else yield { pointer, code: 'duplicate', message: `is the same as ${first}` }
  }
}
