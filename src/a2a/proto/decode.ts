import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { objectText } from '../json-text.ts'
import {
  assertDepth,
  joined,
  MAX_GROUP_DEPTH,
  readInstant,
  scan,
  structText,
  valueText,
} from './decode-value.ts'
import type { AnyTables } from './encode.ts'
import { printDuration, printTimestamp } from './instant.ts'
import type { EnumTable, Field, Kind, MessageTable } from './message-table.ts'

/**
 * Bytes → proto-JSON text. Defaults are left out, but where the table wants them shown; unknown fields are skipped; an
 * enum's unknown number stays a number, for the schema to refuse.
 *
 * Throws `invalid_params` for what JSON cannot hold and what would nest deeper than JSON may, and whatever the reader
 * throws for bytes that are no message.
 *
 * `depth` is that of the JSON object which the message becomes.
 */
export function decodeMessage(table: MessageTable, bytes: Uint8Array, any: AnyTables, depth = 1): string {
  return objectText(membersOfMessage(table, bytes, any, depth))
}

const isMessage = (kind: Kind): boolean =>
  typeof kind === 'object' ? kind.type === 'message' : WELL_KNOWN.has(kind)

const WELL_KNOWN: ReadonlySet<string> = new Set(['struct', 'value', 'timestamp', 'duration', 'any'])

function wireTypeOf({ shape, kind }: Field): WireType {
  if (shape === 'map' || isMessage(kind) || kind === 'string' || kind === 'bytes') {
    return WireType.LengthDelimited
  }
  return WireType.Varint
}

/** What was read of a message's fields: JSON of scalars, bytes of messages (which merge when they repeat), lists, maps. */
type Found = {
  readonly scalars: Map<Field, string>
  readonly messages: Map<Field, Uint8Array[]>
  readonly lists: Map<Field, string[]>
  readonly maps: Map<Field, Map<string, string>>
}

function membersOfMessage(
  table: MessageTable,
  bytes: Uint8Array,
  any: AnyTables,
  depth: number,
): readonly (readonly [string, string | undefined])[] {
  assertDepth(depth)
  const found: Found = { scalars: new Map(), messages: new Map(), lists: new Map(), maps: new Map() }
  const chosen = new Map<string, Field>()
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    const field = table.byNumber.get(number)
    if (field === undefined || wireType !== wireTypeOf(field)) {
      reader.skip(wireType, number, MAX_GROUP_DEPTH)
      continue
    }
    if (field.choice !== undefined) forgetOther(found, chosen, field, field.choice)
    readField(found, field, reader, any, depth)
  }
  return table.fields.map((field) => [field.name, textOfField(found, field, any, depth)])
}

/** Of a choice, the last one on the wire is the one that is set. */
function forgetOther(found: Found, chosen: Map<string, Field>, field: Field, choice: string): void {
  const other = chosen.get(choice)
  if (other !== undefined && other !== field) {
    found.scalars.delete(other)
    found.messages.delete(other)
  }
  chosen.set(choice, field)
}

function readField(found: Found, field: Field, reader: BinaryReader, any: AnyTables, depth: number): void {
  const { kind, shape } = field
  if (shape === 'map') {
    const [key, value] = readEntry(field, reader.bytes(), any, depth + 2)
    at(found.maps, field, () => new Map<string, string>()).set(key, value)
  } else if (shape === 'many') {
    const item = isMessage(kind)
      ? textOfMessage(kind, [reader.bytes()], any, depth + 2)
      : readScalar(kind, reader)
    at(found.lists, field, (): string[] => []).push(item)
  } else if (isMessage(kind)) {
    at(found.messages, field, (): Uint8Array[] => []).push(reader.bytes())
  } else {
    found.scalars.set(field, readScalar(kind, reader))
  }
}

function at<V>(map: Map<Field, V>, field: Field, create: () => V): V {
  let value = map.get(field)
  if (value === undefined) {
    value = create()
    map.set(field, value)
  }
  return value
}

function textOfField(found: Found, field: Field, any: AnyTables, depth: number): string | undefined {
  if (field.shape === 'many') {
    const items = found.lists.get(field)
    if (items === undefined) return field.isAlwaysShown ? '[]' : undefined
    assertDepth(depth + 1)
    return `[${items.join(',')}]`
  }
  if (field.shape === 'map') {
    const entries = found.maps.get(field)
    if (entries === undefined) return field.isAlwaysShown ? '{}' : undefined
    assertDepth(depth + 1)
    return objectText(entries)
  }
  if (isMessage(field.kind)) {
    const slices = found.messages.get(field)
    return slices && textOfMessage(field.kind, slices, any, depth + 1)
  }
  const text = found.scalars.get(field)
  if (field.hasPresence) return text
  const zero = zeroOf(field.kind)
  if (text === undefined || text === zero) return field.isAlwaysShown ? zero : undefined
  return text
}

function readScalar(kind: Kind, reader: BinaryReader): string {
  if (kind === 'string') return JSON.stringify(reader.string(true))
  if (kind === 'bytes') return `"${base64(reader.bytes())}"`
  if (kind === 'bool') return String(reader.bool())
  const number = reader.int32()
  return typeof kind === 'object' && kind.type === 'enum' ? nameOf(kind, number) : String(number)
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

function nameOf({ numbers }: EnumTable, wanted: number): string {
  for (const [name, number] of numbers) if (number === wanted) return `"${name}"`
  return String(wanted)
}

function zeroOf(kind: Kind): string {
  if (kind === 'string' || kind === 'bytes') return '""'
  if (kind === 'bool') return 'false'
  return typeof kind === 'object' && kind.type === 'enum' ? nameOf(kind, 0) : '0'
}

function textOfMessage(kind: Kind, slices: readonly Uint8Array[], any: AnyTables, depth: number): string {
  const bytes = joined(slices)
  if (typeof kind === 'object' && kind.type === 'message') return decodeMessage(kind, bytes, any, depth)
  switch (kind) {
    case 'struct':
      return structText(bytes, depth)
    case 'value':
      return valueText(bytes, depth)
    case 'timestamp':
      return `"${printTimestamp(readInstant(bytes))}"`
    case 'duration':
      return `"${printDuration(readInstant(bytes))}"`
    default:
      return anyText(bytes, any, depth)
  }
}

function readEntry(
  { kind }: Field,
  bytes: Uint8Array,
  any: AnyTables,
  depth: number,
): readonly [string, string] {
  let key = ''
  let text: string | undefined
  const slices: Uint8Array[] = []
  scan(bytes, (number, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false
    if (number === 1) key = reader.string(true)
    else if (number === 2 && isMessage(kind)) slices.push(reader.bytes())
    else if (number === 2) text = readScalar(kind, reader)
    else return false
    return true
  })
  return [key, isMessage(kind) ? textOfMessage(kind, slices, any, depth) : (text ?? zeroOf(kind))]
}

/** As proto-JSON has it; of a type we do not know, its bytes in base64. */
function anyText(bytes: Uint8Array, any: AnyTables, depth: number): string {
  let url = ''
  let value: Uint8Array = new Uint8Array()
  scan(bytes, (number, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false
    if (number === 1) url = reader.string(true)
    else if (number === 2) value = reader.bytes()
    else return false
    return true
  })
  const type = ['@type', JSON.stringify(url)] as const
  const table = any.get(url.slice(url.lastIndexOf('/') + 1))
  if (table === undefined) return objectText([type, ['value', `"${base64(value)}"`]])
  return objectText([type, ...membersOfMessage(table, value, any, depth)])
}
