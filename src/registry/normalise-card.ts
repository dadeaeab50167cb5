import { type JsonText, membersOf, objectText, withMembers } from '../a2a/json-text.ts'

/**
 * A card in v1.0 form. Some servers print the `oneof`s of security schemes as their code holds them,
 * `{"scheme": {"$case": kind, "value": …}}`; on the wire that is `{kind: …}`. Nothing else is touched.
 *
 * `text` holds a JSON object.
 */
export function normaliseCard<T>(text: JsonText<T>): JsonText<T> {
  const schemes = membersOf(text).get('securitySchemes')
  if (schemes?.[0] !== '{' || !schemes.includes('$case')) return text
  const normalised = [...membersOf(schemes)].map(([name, scheme]) => [name, normaliseScheme(scheme)] as const)
  return withMembers(text, { securitySchemes: objectText(normalised) })
}

function normaliseScheme(text: string): string {
  const scheme = unwrap(text, 'scheme')
  if (scheme[0] !== '{') return scheme
  const oauth = membersOf(scheme).get('oauth2SecurityScheme')
  const flows = oauth?.[0] === '{' ? membersOf(oauth).get('flows') : undefined
  if (oauth === undefined || flows === undefined) return scheme
  return withMembers(scheme, { oauth2SecurityScheme: withMembers(oauth, { flows: unwrap(flows, 'flow') }) })
}

/** `{[member]: {"$case": kind, "value": v}}` → `{[kind]: v}`; anything else as it is. */
function unwrap(text: string, member: string): string {
  const choice = text[0] === '{' ? membersOf(text).get(member) : undefined
  if (choice?.[0] !== '{') return text
  const choiceMembers = membersOf(choice)
  const kind: unknown = JSON.parse(choiceMembers.get('$case') ?? 'null')
  const value = choiceMembers.get('value')
  return typeof kind === 'string' && value !== undefined ? objectText([[kind, value]]) : text
}
