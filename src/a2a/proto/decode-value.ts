import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { ParleyError } from '../../errors.ts'
import { objectText } from '../json-text.ts'
import { MAX_JSON_DEPTH } from '../wire.ts'
import type { Instant } from './instant.ts'

/** A reader that stands at the first byte of a message, and where the message ends. The reader is left at the end. */
export type Span = { readonly reader: BinaryReader; readonly end: number; readonly room: Room }

/** How many more bytes the JSON may have. A byte of protobuf can become twenty of JSON. */
export type Room = { left: number }

/** Throws `payload_too_large` when there are not as many left. */
export function take(room: Room, bytes: number): void {
  room.left -= bytes
  if (room.left < 0) throw new ParleyError('payload_too_large', 'The message is too large as JSON')
}

/** What stands around the members of an object or the items of a list, and between them. */
export const BRACES = 2
export const SEPARATORS = 2

/** The text that stands here, as JSON. */
export function readText(reader: BinaryReader, room: Room): string {
  const begin = reader.pos
  const text = reader.string(true)
  const json = JSON.stringify(text)
  // Beyond ASCII a character is several bytes; its length on the wire says how many, and a little more.
  take(room, json.length + reader.pos - begin - text.length)
  return json
}

/** The name of a member, which stands here. */
export function readName(reader: BinaryReader, room: Room): string {
  const begin = reader.pos
  const name = reader.string(true)
  take(room, JSON.stringify(name).length + reader.pos - begin - name.length + SEPARATORS)
  return name
}

/** Nested unknown groups are skipped no deeper than this. */
const MAX_GROUP_DEPTH = 16

const invalid = (message: string): ParleyError => new ParleyError('invalid_params', message)

/** `depth` is that of an array or object in the JSON that is being made. */
export function assertDepth(depth: number): void {
  if (depth > MAX_JSON_DEPTH) throw invalid(`The message nests deeper than ${MAX_JSON_DEPTH} levels of JSON`)
}

/** The end of the length-delimited field that begins here, which must be within `limit`. */
function enter(reader: BinaryReader, limit: number): number {
  const end = reader.uint32() + reader.pos
  if (end > limit) throw new RangeError('A field is longer than what holds it')
  return end
}

/** The length-delimited field that begins here. */
export const inside = ({ reader, end, room }: Span): Span => ({ reader, end: enter(reader, end), room })

/** Calls `onField` for every field until all is read; what it does not take (`false`) is skipped. */
export function scan(
  { reader, end }: Span,
  onField: (number: number, wireType: WireType, reader: BinaryReader) => boolean,
): void {
  while (reader.pos < end) {
    const [number, wireType] = reader.tag()
    if (!onField(number, wireType, reader)) reader.skip(wireType, number, MAX_GROUP_DEPTH)
  }
  if (reader.pos > end) throw new RangeError('A field is longer than what holds it')
}

/** Where a length-delimited field begins, every time it occurs: a message in several pieces is what they say one after the other. */
export type Pieces = { first: number; more: number[] | undefined }

/** Passes the field that begins here, and notes it. */
export function notePiece(pieces: Pieces | undefined, { reader, end }: Span): Pieces {
  const begin = reader.pos
  reader.pos = enter(reader, end)
  if (pieces === undefined) return { first: begin, more: undefined }
  pieces.more ??= []
  pieces.more.push(begin)
  return pieces
}

/** The message that came in these pieces. */
export function spanOf({ first, more }: Pieces, span: Span): Span {
  const { reader, room } = span
  reader.pos = first
  if (more === undefined) return inside(span)
  const bytes = Buffer.concat(
    [first, ...more].map((begin) => {
      reader.pos = begin
      return reader.bytes()
    }),
  )
  return { reader: new BinaryReader(bytes), end: bytes.length, room }
}

export function structText(struct: Span, depth: number): string {
  assertDepth(depth)
  take(struct.room, BRACES)
  const members = new Map<string, string>()
  scan(struct, (number, wireType) => {
    if (number !== 1 || wireType !== WireType.LengthDelimited) return false
    readMember(members, inside(struct), depth + 1)
    return true
  })
  return objectText(members)
}

function readMember(members: Map<string, string>, entry: Span, depth: number): void {
  let key = ''
  let pieces: Pieces | undefined
  scan(entry, (number, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false
    if (number === 1) key = readName(reader, entry.room)
    else if (number === 2) pieces = notePiece(pieces, entry)
    else return false
    return true
  })
  if (pieces === undefined) take(entry.room, NULL.length)
  members.set(key, pieces === undefined ? NULL : valueText(spanOf(pieces, entry), depth))
  entry.reader.pos = entry.end
}

/** A value that says nothing of what it is counts as `null`: some senders mean that by it. */
export function valueText(value: Span, depth: number): string {
  let text = NULL
  let nested = 0
  let pieces: Pieces | undefined
  scan(value, (number, wireType, reader) => {
    if (wireType !== VALUE_WIRE_TYPES[number - 1]) return false
    if (number < STRUCT) {
      pieces = undefined
      text = valueScalar(number, reader, value.room)
      return true
    }
    pieces = notePiece(number === nested ? pieces : undefined, value)
    nested = number
    return true
  })
  if (pieces === undefined) {
    if (text[0] !== '"') take(value.room, text.length)
    return text
  }
  const span = spanOf(pieces, value)
  const made = nested === STRUCT ? structText(span, depth) : listText(span, depth)
  value.reader.pos = value.end
  return made
}

/** Of `google.protobuf.Value`: null, number, string, boolean, struct, list. */
const VALUE_WIRE_TYPES: readonly WireType[] = [
  WireType.Varint,
  WireType.Bit64,
  WireType.LengthDelimited,
  WireType.Varint,
  WireType.LengthDelimited,
  WireType.LengthDelimited,
]
const STRUCT = 5
const NULL = 'null'

function valueScalar(number: number, reader: BinaryReader, room: Room): string {
  if (number === 2) {
    const value = reader.double()
    if (!Number.isFinite(value)) throw invalid('JSON has no number that is infinite or none')
    return JSON.stringify(value)
  }
  if (number === 3) return readText(reader, room)
  if (number === 4) return String(reader.bool())
  reader.int32()
  return NULL
}

function listText(list: Span, depth: number): string {
  assertDepth(depth)
  const { room } = list
  take(room, BRACES)
  let items = ''
  scan(list, (number, wireType) => {
    if (number !== 1 || wireType !== WireType.LengthDelimited) return false
    take(room, SEPARATORS)
    const item = valueText(inside(list), depth + 1)
    items += items === '' ? item : `,${item}`
    return true
  })
  return `[${items}]`
}

export function readInstant(span: Span): Instant {
  let seconds = 0n
  let nanos = 0
  scan(span, (number, wireType, reader) => {
    if (wireType !== WireType.Varint) return false
    if (number === 1) seconds = BigInt(reader.int64())
    else if (number === 2) nanos = reader.int32()
    else return false
    return true
  })
  return { seconds, nanos }
}
