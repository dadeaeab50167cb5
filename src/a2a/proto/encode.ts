import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { ParleyError } from '../../errors.ts'
import { isObject, type JsonObject } from '../json-object.ts'
import { type Instant, parseDuration, parseTimestamp } from './instant.ts'
import { type AnyTable, type Field, isEnum, type Kind, type MessageTable } from './message-table.ts'

const TYPE_PREFIX = 'type.googleapis.com/'

/**
 * Parsed proto-JSON → bytes. Throws `invalid_params` for a value that its field cannot hold. The recursion is as deep as
 * the JSON, which the caller has bounded.
 *
 * Members that the table does not know cannot travel and are left out, as are `null`s. Lone surrogates become U+FFFD and
 * numbers beyond the range of doubles its largest, because neither exists in protobuf.
 */
export function encodeMessage(table: MessageTable, json: unknown): Uint8Array {
  const writer = new BinaryWriter()
  writeFields(writer, table, json)
  return writer.finish()
}

const unfit = (where: string, what: string): ParleyError =>
  new ParleyError('invalid_params', `${where} must be ${what}`)

function writeFields(writer: BinaryWriter, table: MessageTable, json: unknown): void {
  if (!isObject(json)) throw unfit(table.name, 'an object')
  let chosen: Map<string, string> | undefined
  for (const field of table.fields) {
    if (!Object.hasOwn(json, field.name)) continue
    const value = json[field.name]
    if (value === null && field.kind !== 'value') continue
    if (field.choice !== undefined) {
      chosen ??= new Map()
      const other = chosen.get(field.choice)
      if (other !== undefined) throw unfit(table.name, `either ${other} or ${field.name}, not both`)
      chosen.set(field.choice, field.name)
    }
    writeField(writer, { table, field }, value)
  }
}

/** A field as it is being written, and the message that has it, for errors to name. */
type Place = { readonly table: MessageTable; readonly field: Field }

const nameOf = ({ table, field }: Place): string => `${table.name}.${field.name}`

function writeField(writer: BinaryWriter, place: Place, value: unknown): void {
  const { field } = place
  if (field.shape === 'many') {
    if (!Array.isArray(value)) throw unfit(nameOf(place), 'an array')
    for (const item of value) writeTagged(writer, place, field.number, item)
    return
  }
  if (field.shape === 'map') {
    if (!isObject(value)) throw unfit(nameOf(place), 'an object')
    for (const [key, item] of Object.entries(value)) {
      writer.tag(field.number, WireType.LengthDelimited).fork()
      writer.tag(1, WireType.LengthDelimited).string(key.toWellFormed())
      writeTagged(writer, place, 2, item)
      writer.join()
    }
    return
  }
  if (field.hasPresence || !isDefault(field.kind, value)) writeTagged(writer, place, field.number, value)
}

function isDefault(kind: Kind, value: unknown): boolean {
  if (kind === 'string' || kind === 'bytes') return value === ''
  if (kind === 'int32') return value === 0
  if (kind === 'bool') return value === false
  return isEnum(kind) && kind.numbers.get(String(value)) === 0
}

function writeTagged(writer: BinaryWriter, place: Place, number: number, value: unknown): void {
  const { kind } = place.field
  if (isEnum(kind)) {
    const code = typeof value === 'string' ? kind.numbers.get(value) : undefined
    if (code === undefined) throw unfit(nameOf(place), `one of ${[...kind.numbers.keys()].join(', ')}`)
    writer.tag(number, WireType.Varint).int32(code)
    return
  }
  switch (kind) {
    case 'string':
      writer.tag(number, WireType.LengthDelimited).string(stringAt(place, value).toWellFormed())
      return
    case 'bytes':
      writer.tag(number, WireType.LengthDelimited).bytes(bytesAt(place, value))
      return
    case 'bool':
      if (typeof value !== 'boolean') throw unfit(nameOf(place), 'true or false')
      writer.tag(number, WireType.Varint).bool(value)
      return
    case 'int32':
      writer.tag(number, WireType.Varint).int32(int32At(place, value))
      return
    default:
      writer.tag(number, WireType.LengthDelimited).fork()
      writeContent(writer, place, value)
      writer.join()
  }
}

function stringAt(place: Place, value: unknown): string {
  if (typeof value !== 'string') throw unfit(nameOf(place), 'a string')
  return value
}

function int32At(place: Place, value: unknown): number {
  if (typeof value !== 'number' || (value | 0) !== value) throw unfit(nameOf(place), 'an integer of 32 bits')
  return value
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/

/** Base64 in the standard or the url-safe alphabet, padded or not. A last character without a partner says nothing. */
function bytesAt(place: Place, value: unknown): Uint8Array {
  const text = stringAt(place, value)
  if (!BASE64.test(text)) throw unfit(nameOf(place), 'base64')
  return Buffer.from(text, 'base64')
}

/** What a message of any kind holds. */
function writeContent(writer: BinaryWriter, place: Place, value: unknown): void {
  const { kind } = place.field
  if (typeof kind === 'object') {
    if (kind.type === 'message') writeFields(writer, kind, value)
    else if (kind.type === 'any') writeAny(writer, kind, place, value)
    return
  }
  switch (kind) {
    case 'struct':
      if (!isObject(value)) throw unfit(nameOf(place), 'an object')
      writeStruct(writer, value)
      return
    case 'value':
      writeValue(writer, value)
      return
    case 'timestamp':
      writeInstant(writer, parseTimestamp(stringAt(place, value)))
      return
    case 'duration':
      writeInstant(writer, parseDuration(stringAt(place, value)))
  }
}

function writeStruct(writer: BinaryWriter, struct: JsonObject): void {
  for (const key of Object.keys(struct)) {
    writer.tag(1, WireType.LengthDelimited).fork()
    writer.tag(1, WireType.LengthDelimited).string(key.toWellFormed())
    writer.tag(2, WireType.LengthDelimited).fork()
    writeValue(writer, struct[key])
    writer.join().join()
  }
}

function writeValue(writer: BinaryWriter, value: unknown): void {
  if (value === null) writer.tag(1, WireType.Varint).int32(0)
  else if (typeof value === 'number') writer.tag(2, WireType.Bit64).double(finite(value))
  else if (typeof value === 'string') writer.tag(3, WireType.LengthDelimited).string(value.toWellFormed())
  else if (typeof value === 'boolean') writer.tag(4, WireType.Varint).bool(value)
  else if (Array.isArray(value)) {
    writer.tag(6, WireType.LengthDelimited).fork()
    for (const item of value) {
      writer.tag(1, WireType.LengthDelimited).fork()
      writeValue(writer, item)
      writer.join()
    }
    writer.join()
  } else {
    writer.tag(5, WireType.LengthDelimited).fork()
    writeStruct(writer, value as JsonObject)
    writer.join()
  }
}

const finite = (value: number): number => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value))

function writeInstant(writer: BinaryWriter, { seconds, nanos }: Instant): void {
  if (seconds !== 0n) writer.tag(1, WireType.Varint).int64(seconds)
  if (nanos !== 0) writer.tag(2, WireType.Varint).int32(nanos)
}

function writeAny(writer: BinaryWriter, { byName }: AnyTable, place: Place, value: unknown): void {
  if (!isObject(value)) throw unfit(nameOf(place), 'an object')
  const { '@type': url, ...members } = value
  const table = byName.get(String(url).slice(String(url).lastIndexOf('/') + 1))
  if (table === undefined) throw unfit(`${nameOf(place)}.@type`, 'a known type')
  writer.tag(1, WireType.LengthDelimited).string(`${TYPE_PREFIX}${table.name}`)
  writer.tag(2, WireType.LengthDelimited).fork()
  writeFields(writer, table, members)
  writer.join()
}
