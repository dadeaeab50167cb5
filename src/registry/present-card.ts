import { mapElements, membersOf, objectText } from '../a2a/json-text.ts'
import { AgentCard } from '../a2a/proto/card-messages-v1.ts'
import type { Field, MessageTable } from '../a2a/proto/message-table.ts'

/**
 * A 1.0 card with each member written or left out as §5.7 says: a required one always, one that tells empty from absent
 * whenever it is set, any other unless it is empty. Members that 1.0 does not know are kept in place or, for readers that
 * admit none, dropped at every level.
 *
 * `text` holds a JSON object.
 */
export const presentCard = (text: string, unknown: 'keep' | 'drop'): string =>
  present(text, AgentCard, unknown === 'keep')

function present(text: string, table: MessageTable, keepsUnknown: boolean): string {
  const members = [...membersOf(text)].flatMap(([name, value]): [string, string][] => {
    const field = table.byName.get(name)
    if (field === undefined) return keepsUnknown ? [[name, value]] : []
    const inside = presentValue(value, field, keepsUnknown)
    return isLeftOut(inside, field) ? [] : [[name, inside]]
  })
  return objectText(members)
}

function presentValue(text: string, { kind, shape }: Field, keepsUnknown: boolean): string {
  if (typeof kind === 'string' || kind.type !== 'message') return text
  const each = (value: string) => (value[0] === '{' ? present(value, kind, keepsUnknown) : value)
  if (shape === 'one') return each(text)
  if (text[0] === '[') return mapElements(text, each)
  if (text[0] !== '{') return text
  return objectText([...membersOf(text)].map(([name, value]) => [name, each(value)]))
}

const EMPTY = /^(?:null|false|""|\[\s*\]|\{\s*\})$/

function isLeftOut(text: string, { isAlwaysShown, hasPresence, isMessage, shape }: Field): boolean {
  if (isAlwaysShown) return false
  const isSetOrAbsent = hasPresence || (isMessage && shape === 'one')
  return isSetOrAbsent ? text === 'null' : EMPTY.test(text)
}
