import { isObject } from './json-object.ts'
import { membersOf, objectText, withMembers } from './json-text.ts'
import { type Wire, wireOf } from './wire.ts'

/** The name in JSON of a field that a `.proto` file names so; readers of ProtoJSON take a member by either. */
export const jsonNameOf = (protoName: string): string =>
  protoName.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** The members that steer an operation, by the names they have in the protocol's `.proto` files. */
const JSON_NAMES: ReadonlyMap<string, string> = new Map(
  [
    'accepted_output_modes',
    'context_id',
    'history_length',
    'include_artifacts',
    'message_id',
    'page_size',
    'page_token',
    'reference_task_ids',
    'return_immediately',
    'status_timestamp_after',
    'task_id',
    'task_push_notification_config',
  ].map((name) => [name, jsonNameOf(name)]),
)

/** Where such members are besides the request itself. */
const NESTED = ['message', 'configuration']

/**
 * A request of 1.0 with its members in camelCase, as A2A writes them (§5.5). Whoever reads ProtoJSON takes both spellings,
 * so clients get away with the other one everywhere else. Of two spellings of one member, camelCase counts.
 */
export function withJsonNames(request: Wire<unknown>): Wire<unknown> {
  const { value, text } = request
  if (!isObject(value)) return request
  const nested = NESTED.filter((name) => hasProtoNames(value[name]))
  if (nested.length === 0 && !hasProtoNames(value)) return request
  const members = membersOf(text)
  const changes = nested.map((name) => [name, renamed(members.get(name) ?? '{}')])
  return wireOf(renamed(withMembers(text, Object.fromEntries(changes))))
}

function hasProtoNames(value: unknown): boolean {
  if (!isObject(value)) return false
  for (const name in value) if (JSON_NAMES.has(name)) return true
  return false
}

function renamed(text: string): string {
  const members = membersOf(text)
  return objectText(
    [...members].map(([name, value]) => {
      const other = JSON_NAMES.get(name)
      return [other === undefined || members.has(other) ? name : other, value]
    }),
  )
}
