import { isObject, type JsonObject } from '../../a2a/json-object.ts'
import { OAUTH_FLOWS, SCHEME_KINDS } from '../../a2a/security-scheme.ts'
import { pointerTo } from '../../a2a/wire.ts'
import type { Violation } from '../../errors.ts'
import { httpUrlProblem } from '../http-url.ts'
import { type Entry, entriesOf, itemsOf, membersIn } from './entries.ts'
import { isFilled } from './text-rules.ts'

/** What must be true of the security schemes of a 1.0 card, and of what it and its skills require. */
export const securityRules = (card: JsonObject): readonly Violation[] => [
  ...membersIn(card.securitySchemes, '/securitySchemes').flatMap(({ pointer, value }) => [
    ...oneOf({ pointer, value }, SCHEME_KINDS, 'kind of scheme'),
    ...membersIn(value, pointer).flatMap(({ pointer, value }) => [
      ...(isObject(value.flows)
        ? oneOf({ pointer: `${pointer}/flows`, value: value.flows }, OAUTH_FLOWS, 'flow')
        : []),
      ...linkRules({ pointer, value }),
    ]),
  ]),
  ...requirementRules(card, 'securityRequirements', (requirement) => requirement.schemes, '/schemes'),
]

/** The same of a card of 0.3. */
export const legacySecurityRules = (card: JsonObject): readonly Violation[] => [
  ...membersIn(card.securitySchemes, '/securitySchemes').flatMap((scheme) => [...linkRules(scheme)]),
  ...requirementRules(card, 'security', (requirement) => requirement, ''),
]

/**
 * Of the members that stand for one choice (a `oneof` of protobuf) exactly one is there. A scheme in the form of 0.3 has none,
 * and is there for readers of that.
 */
function* oneOf({ pointer, value }: Entry, names: readonly string[], what: string): Generator<Violation> {
  const given = names.filter((name) => Object.hasOwn(value, name))
  if (given.length === 1 || (given.length === 0 && isOldScheme(value))) return
  yield { pointer, code: 'one_of', message: `must have exactly one ${what}: ${names.join(', ')}` }
}

/** `{"type": "http", …}`, as 0.3 writes security schemes. */
export const isOldScheme = (scheme: JsonObject): boolean => typeof scheme.type === 'string'

/** Where clients go for tokens. */
function* linkRules({ pointer, value }: Entry): Generator<Violation> {
  for (const [name, member] of Object.entries(value)) {
    if (name === 'flows') yield* membersIn(member, `${pointer}/flows`).flatMap((flow) => [...linkRules(flow)])
    if (!name.endsWith('Url') || !isFilled(member)) continue
    const problem = httpUrlProblem(member)
    if (problem !== undefined)
      yield { pointer: `${pointer}${pointerTo(name)}`, code: 'url', message: problem }
  }
}

/** Schemes that a hint names. */
const MAX_NAMED = 10

function* requirementRules(
  card: JsonObject,
  member: string,
  schemesOf: (requirement: JsonObject) => unknown,
  below: string,
): Generator<Violation> {
  const known = new Set(isObject(card.securitySchemes) ? Object.keys(card.securitySchemes) : [])
  const hint = known.size === 0 ? 'Describe it in "securitySchemes"' : `Its schemes are ${someOf(known)}`
  const holders = [{ pointer: '', value: card }, ...entriesOf(card.skills, '/skills')]
  for (const holder of holders) {
    for (const { pointer, value } of itemsOf(holder.value[member], `${holder.pointer}/${member}`)) {
      if (!isObject(value)) continue
      const isProto = below === '' && isObject(value.schemes)
      const schemes = isProto ? value.schemes : schemesOf(value)
      for (const name of isObject(schemes) ? Object.keys(schemes) : []) {
        if (known.has(name)) continue
        yield {
          pointer: `${pointer}${isProto ? '/schemes' : below}${pointerTo(name)}`,
          code: 'unknown_scheme',
          message: 'is no scheme of this card',
          hint,
        }
      }
    }
  }
}

const someOf = (names: ReadonlySet<string>): string =>
  `${[...names].slice(0, MAX_NAMED).join(', ')}${names.size > MAX_NAMED ? ' …' : ''}`
