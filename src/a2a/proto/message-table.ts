/**
 * Protobuf messages as data: what the codec needs to know of them to turn their proto-JSON into bytes and back. The
 * names are those of the JSON; the names in a proto file never reach the wire.
 */
type Scalar = 'string' | 'bytes' | 'bool' | 'int32'

/** Messages of Google's whose JSON is not an object of their fields. */
type WellKnown = 'struct' | 'value' | 'timestamp' | 'duration'

/** `google.protobuf.Any`, and the messages it is known to hold, by their full names. */
export type AnyTable = { readonly type: 'any'; readonly byName: ReadonlyMap<string, MessageTable> }

type EnumTable = {
  readonly type: 'enum'
  readonly numbers: ReadonlyMap<string, number>
  readonly names: ReadonlyMap<number, string>
}

export type Kind = Scalar | WellKnown | EnumTable | AnyTable | MessageTable

export type Field = {
  readonly name: string
  /** Its place in the table. */
  readonly index: number
  /** The name as it begins a member of JSON. */
  readonly key: string
  /** How a single one is written: a varint, or its length and as many bytes. */
  readonly isVarint: boolean
  /** Of a message, whose pieces merge when it repeats. */
  readonly isMessage: boolean
  /** The JSON of the default; absent for a message. */
  readonly zero: string | undefined
  readonly number: number
  readonly kind: Kind
  readonly shape: 'one' | 'many' | 'map'
  /** Also written when it holds the default: it can be told apart from an absent one. */
  readonly hasPresence: boolean
  /** At most one field of a choice is set. */
  readonly choice: string | undefined
  /** Required, and so in JSON even when it holds the default; a message has no default to hold. */
  readonly isAlwaysShown: boolean
}

export type MessageTable = {
  readonly type: 'message'
  readonly name: string
  readonly fields: readonly Field[]
  readonly byNumber: ReadonlyMap<number, Field>
  readonly byName: ReadonlyMap<string, Field>
}

type Nameless = Pick<Field, 'number' | 'kind' | 'shape' | 'hasPresence' | 'choice' | 'isAlwaysShown'>

/** A message by its fields, in the order in which JSON shows them. */
export function message(name: string, members: Readonly<Record<string, Nameless>>): MessageTable {
  const fields = Object.entries(members).map(([member, field], index): Field => {
    const { kind, shape } = field
    const zero = zeroOf(kind, shape)
    const isVarint = shape !== 'map' && (kind === 'bool' || kind === 'int32' || isEnum(kind))
    return {
      ...field,
      name: member,
      index,
      key: `${JSON.stringify(member)}:`,
      isVarint,
      isMessage: !isVarint && kind !== 'string' && kind !== 'bytes',
      zero,
    }
  })
  return {
    type: 'message',
    name,
    fields,
    byNumber: new Map(fields.map((field) => [field.number, field])),
    byName: new Map(fields.map((field) => [field.name, field])),
  }
}

export const isEnum = (kind: Kind): kind is EnumTable => typeof kind === 'object' && kind.type === 'enum'

const zeroOf = (kind: Kind, shape: Field['shape']): string | undefined => {
  if (shape === 'many') return '[]'
  if (shape === 'map') return '{}'
  if (kind === 'string' || kind === 'bytes') return '""'
  if (kind === 'int32') return '0'
  if (kind === 'bool') return 'false'
  return isEnum(kind) ? JSON.stringify(kind.names.get(0)) : undefined
}

/** An enum whose names are numbered from 0, in their order. */
export const enumOf = (...names: readonly string[]): EnumTable => ({
  type: 'enum',
  numbers: new Map(names.map((name, number) => [name, number])),
  names: new Map(names.map((name, number) => [number, name])),
})

export const anyOf = (...messages: readonly MessageTable[]): AnyTable => ({
  type: 'any',
  byName: new Map(messages.map((table) => [table.name, table])),
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

/** A field that is not told apart from its default. */
export const one = (number: number, kind: Kind): Nameless => field(number, kind)

/** `optional` in proto3. */
export const optional = (number: number, kind: Kind): Nameless => field(number, kind, { hasPresence: true })

/** What can be repeated here: numbers can be packed, which A2A never needs and the codec does not know. */
type Repeatable = 'string' | AnyTable | MessageTable

export const many = (number: number, kind: Repeatable): Nameless => field(number, kind, { shape: 'many' })

/** A map from strings. */
export const mapOf = (number: number, kind: 'string' | MessageTable): Nameless =>
  field(number, kind, { shape: 'map' })

/** One of the fields that exclude each other under the name `choice`. */
export const choice = (name: string, number: number, kind: Kind): Nameless =>
  field(number, kind, { hasPresence: true, choice: name })

/** A required field. */
export const always = (shown: Nameless): Nameless => ({ ...shown, isAlwaysShown: true })
