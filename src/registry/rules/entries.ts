import { isObject, type JsonObject } from '../../a2a/json-object.ts'
import { pointerTo } from '../../a2a/wire.ts'

/** Something in a card, and where it stands. */
export type Entry<T = JsonObject> = { readonly pointer: string; readonly value: T }

/** Lists that are longer are refused for that. */
const MAX_JUDGED = 1000

/** The elements of a list of any kind; none of what is no list. */
export const itemsOf = (list: unknown, pointer: string): readonly Entry<unknown>[] =>
  (Array.isArray(list) ? list.slice(0, MAX_JUDGED) : []).map((value: unknown, index) => ({
    pointer: `${pointer}/${index}`,
    value,
  }))

/** Those elements of a list that are objects. */
export const entriesOf = (list: unknown, pointer: string): readonly Entry[] =>
  itemsOf(list, pointer).flatMap(({ pointer, value }) => (isObject(value) ? [{ pointer, value }] : []))

/** Those members of an object that are objects, by their names. */
export const membersIn = (value: unknown, pointer: string): readonly (Entry & { readonly name: string })[] =>
  (isObject(value) ? Object.entries(value).slice(0, MAX_JUDGED) : []).flatMap(([name, member]) =>
    isObject(member) ? [{ name, pointer: `${pointer}${pointerTo(name)}`, value: member }] : [],
  )
