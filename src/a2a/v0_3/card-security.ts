/**
 * Security schemes and requirements of a card, between their form in 0.3's JSON (a `type`, several OAuth flows in one
 * scheme) and the one that 1.0 shares with 0.3's protobuf (a member per type, one flow). Exact texts throughout.
 */
import { elementsOf, mapElements, membersOf, objectText, textOf } from '../json-text.ts'
import { SCHEME_NAMES, type SchemeType } from './card-schema.ts'
import { readMembers } from './read.ts'

/** The schemes that stand for one scheme, each sufficient: more than one where it had several OAuth flows. */
export type Alternatives = ReadonlyMap<string, readonly string[]>

/** The one that keeps the scheme's name comes first. */
const FLOWS = ['authorizationCode', 'clientCredentials', 'implicit', 'password', 'deviceCode']

export function schemesToV1(text: string): { readonly schemes: string; readonly alternatives: Alternatives } {
  const given = readMembers(text)
  const schemes = new Map<string, string>()
  const alternatives = new Map<string, readonly string[]>()
  for (const [name, scheme] of given) {
    const split = splitFlows(schemeToV1(scheme))
    const names = split.map(({ flow }, index) =>
      index === 0 ? name : unusedName(`${name}_${flow}`, (taken) => given.has(taken) || schemes.has(taken)),
    )
    for (const [index, { scheme: one }] of split.entries()) schemes.set(names[index] ?? name, one)
    alternatives.set(name, names)
  }
  return { schemes: objectText(schemes), alternatives }
}

function unusedName(wanted: string, isTaken: (name: string) => boolean): string {
  let name = wanted
  while (isTaken(name)) name += '_'
  return name
}

function schemeToV1(text: string): string {
  const scheme = readMembers(text)
  const type = scheme.get('type')
  if (type === undefined) return text
  const known = new Set(['type', ...Object.values(SCHEME_NAMES)])
  const content = [...scheme]
    .filter(([name]) => !known.has(name))
    .map(([name, value]) => [name === 'in' ? 'location' : name, value] as const)
  return objectText([[SCHEME_NAMES[JSON.parse(type) as SchemeType], objectText(content)]])
}

function splitFlows(text: string): readonly { readonly scheme: string; readonly flow: string }[] {
  const oauth = membersOf(text).get(SCHEME_NAMES.oauth2)
  const flows = oauth?.[0] === '{' ? readMembers(oauth).get('flows') : undefined
  const members = flows?.[0] === '{' ? readMembers(flows) : new Map<string, string>()
  const given = FLOWS.filter((flow) => members.has(flow))
  if (oauth === undefined || given.length < 2) return [{ scheme: text, flow: '' }]
  return given.map((flow) => {
    const one = objectText([...members].filter(([name]) => name === flow || !FLOWS.includes(name)))
    const content = [...readMembers(oauth)].map(
      ([name, value]) => [name, name === 'flows' ? one : value] as const,
    )
    return { flow, scheme: objectText([[SCHEME_NAMES.oauth2, objectText(content)]]) }
  })
}

/**
 * Any of a requirement's alternatives satisfies it. `undefined` when there are more than anybody would read.
 */
export function requirementsToV1(text: string, alternatives: Alternatives): string | undefined {
  const requirements: string[] = []
  for (const requirement of elementsOf(text)) {
    const wanted = [...scopesByScheme(requirement)]
    const ways = wanted.reduce((count, [name]) => count * (alternatives.get(name)?.length ?? 1), 1)
    if (requirements.length + ways > MAX_REQUIREMENTS) return undefined
    requirements.push(...expand(wanted, alternatives).map(requirementText))
  }
  return `[${requirements.join(',')}]`
}

const MAX_REQUIREMENTS = 200

type Wanted = readonly (readonly [string, string])[]

const expand = (wanted: Wanted, alternatives: Alternatives): readonly Wanted[] =>
  wanted.reduce<readonly Wanted[]>(
    (ways, [name, scopes]) =>
      ways.flatMap((way) =>
        (alternatives.get(name) ?? [name]).map((one) => [...way, [one, scopes] as const]),
      ),
    [[]],
  )

const requirementText = (wanted: Wanted): string =>
  objectText([
    ['schemes', objectText(wanted.map(([name, scopes]) => [name, objectText([['list', scopes]])]))],
  ])

/** Of a requirement in either form. */
function scopesByScheme(text: string): ReadonlyMap<string, string> {
  const requirement = readMembers(text)
  const schemes = requirement.get('schemes')
  if (schemes?.[0] !== '{') return requirement
  return new Map([...readMembers(schemes)].map(([name, list]) => [name, listOf(list)]))
}

const listOf = (text: string): string => (text[0] === '{' && readMembers(text).get('list')) || '[]'

export const schemesFromV1 = (text: string): string =>
  objectText([...membersOf(text)].map(([name, scheme]) => [name, schemeFromV1(scheme)]))

function schemeFromV1(text: string): string {
  const scheme = text[0] === '{' ? membersOf(text) : new Map<string, string>()
  const kinds = Object.entries(SCHEME_NAMES)
  const [type, name] = kinds.find(([, member]) => scheme.get(member)?.[0] === '{') ?? []
  const content = name === undefined ? undefined : scheme.get(name)
  if (type === undefined || content === undefined) return text
  const members = [...membersOf(content)].map(([member, value]) => memberFromV1(type, member, value))
  return objectText([['type', textOf(type)], ...members])
}

function memberFromV1(type: string, name: string, value: string): readonly [string, string] {
  if (type === 'apiKey' && name === 'location') return ['in', value]
  if (type === 'oauth2' && name === 'flows') return [name, value[0] === '{' ? flowsFromV1(value) : '{}']
  return [name, value]
}

/** Proto-JSON leaves out an empty map; 0.3 requires `scopes`. */
const flowsFromV1 = (text: string): string =>
  objectText(
    [...membersOf(text)].map(([name, flow]) => [
      name,
      flow[0] === '{' && !membersOf(flow).has('scopes')
        ? objectText([...membersOf(flow), ['scopes', '{}']])
        : flow,
    ]),
  )

export const requirementsFromV1 = (text: string): string =>
  mapElements(text, (requirement) => objectText(scopesByScheme(requirement)))
