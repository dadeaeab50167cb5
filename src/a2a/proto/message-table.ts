/**
 * Protobuf messages as data: what the codec needs to know of them to turn their proto-JSON into bytes and back. The
 * names are those of the JSON; the names in a proto file never reach the wire.
 */
export type Scalar = 'string' | 'bytes' | 'bool' | 'int32'

/** Messages of Google's whose JSON is not an object of their fields. */
export type WellKnown = 'struct' | 'value' | 'timestamp' | 'duration' | 'any'

export type EnumTable = { readonly type: 'enum'; readonly numbers: ReadonlyMap<string, number> }

export type Kind = Scalar | WellKnown | EnumTable | MessageTable

export type Field = {
  readonly name: string
  readonly number: number
  readonly kind: Kind
  readonly shape: 'one' | 'many' | 'map'
  /** Also written when it holds the default: it can be told apart from an absent one. */
  readonly hasPresence: boolean
  /** At most one field of a choice is set. */
  readonly choice: string | undefined
  /** In JSON even when it holds the default: the protocol demands it. */
  readonly isAlwaysShown: boolean
}

export type MessageTable = {
  readonly type: 'message'
  readonly name: string
  readonly fields: readonly Field[]
  readonly byName: ReadonlyMap<string, Field>
  readonly byNumber: ReadonlyMap<number, Field>
}

type Nameless = Omit<Field, 'name'>

export function message(name: string, members: Readonly<Record<string, Nameless>>): MessageTable {
  const fields = Object.entries(members).map(([key, field]): Field => ({ ...field, name: key }))
  return {
    type: 'message',
    name,
    fields,
    byName: new Map(fields.map((field) => [field.name, field])),
    byNumber: new Map(fields.map((field) => [field.number, field])),
  }
}

/** An enum whose names are numbered from 0, in their order. */
export const enumOf = (...names: readonly string[]): EnumTable => ({
  type: 'enum',
  numbers: new Map(names.map((name, number) => [name, number])),
})

const field = (number: number, kind: Kind, more: Partial<Nameless> = {}): Nameless => ({
  number,
  kind,
  shape: 'one',
  hasPresence: false,
  choice: undefined,
  isAlwaysShown: false,
  ...more,
})

export const one = (number: number, kind: Kind): Nameless => field(number, kind)

/** `optional` in proto3. */
export const optional = (number: number, kind: Kind): Nameless => field(number, kind, { hasPresence: true })

/** What can be repeated here: numbers can be packed, which A2A never needs and the codec does not know. */
type Repeatable = 'string' | 'any' | MessageTable

export const many = (number: number, kind: Repeatable): Nameless => field(number, kind, { shape: 'many' })

/** A map from strings. */
export const mapOf = (number: number, kind: 'string' | MessageTable): Nameless =>
  field(number, kind, { shape: 'map' })

/** One of the fields that exclude each other under the name `choice`. */
export const choice = (name: string, number: number, kind: Kind): Nameless =>
  field(number, kind, { hasPresence: true, choice: name })

export const always = (shown: Nameless): Nameless => ({ ...shown, isAlwaysShown: true })
