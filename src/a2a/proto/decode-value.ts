import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { ParleyError } from '../../errors.ts'
import { objectText } from '../json-text.ts'
import { MAX_JSON_DEPTH } from '../wire.ts'
import type { Instant } from './instant.ts'

/** A reader that stands at the first byte of a message, and where the message ends. The reader is left at the end. */
export type Span = { readonly reader: BinaryReader; readonly end: number }

/** Nested unknown groups are skipped no deeper than this. */
const MAX_GROUP_DEPTH = 16

const invalid = (message: string): ParleyError => new ParleyError('invalid_params', message)

/** `depth` is that of an array or object in the JSON that is being made. */
export function assertDepth(depth: number): void {
  if (depth > MAX_JSON_DEPTH) throw invalid(`The message nests deeper than ${MAX_JSON_DEPTH} levels of JSON`)
}

/** The end of the length-delimited field that begins here, which must be within `limit`. */
export function enter(reader: BinaryReader, limit: number): number {
  const end = reader.uint32() + reader.pos
  if (end > limit) throw new RangeError('A field is longer than what holds it')
  return end
}

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
export function spanOf({ first, more }: Pieces, { reader, end }: Span): Span {
  reader.pos = first
  if (more === undefined) return { reader, end: enter(reader, end) }
  const bytes = Buffer.concat(
    [first, ...more].map((begin) => {
      reader.pos = begin
      return reader.bytes()
    }),
  )
  return { reader: new BinaryReader(bytes), end: bytes.length }
}

export function structText(struct: Span, depth: number): string {
  assertDepth(depth)
  const members = new Map<string, string>()
  scan(struct, (number, wireType, reader) => {
    if (number !== 1 || wireType !== WireType.LengthDelimited) return false
    readMember(members, { reader, end: enter(reader, struct.end) }, depth + 1)
    return true
  })
  return objectText(members)
}

function readMember(members: Map<string, string>, entry: Span, depth: number): void {
  let key = ''
  let pieces: Pieces | undefined
  scan(entry, (number, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false
    if (number === 1) key = reader.string(true)
    else if (number === 2) pieces = notePiece(pieces, entry)
    else return false
    return true
  })
  members.set(key, pieces === undefined ? 'null' : valueText(spanOf(pieces, entry), depth))
  entry.reader.pos = entry.end
}

/** A value that says nothing of what it is counts as `null`: some senders mean that by it. */
export function valueText(value: Span, depth: number): string {
  let text = 'null'
  let nested = 0
  let pieces: Pieces | undefined
  scan(value, (number, wireType, reader) => {
    if (wireType !== VALUE_WIRE_TYPES[number - 1]) return false
    if (number < STRUCT) {
      pieces = undefined
      text = valueScalar(number, reader)
      return true
    }
    pieces = notePiece(number === nested ? pieces : undefined, value)
    nested = number
    return true
  })
  if (pieces === undefined) return text
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

function valueScalar(number: number, reader: BinaryReader): string {
  if (number === 2) {
    const value = reader.double()
    if (!Number.isFinite(value)) throw invalid('JSON has no number that is infinite or none')
    return JSON.stringify(value)
  }
  if (number === 3) return JSON.stringify(reader.string(true))
  if (number === 4) return String(reader.bool())
  reader.int32()
  return 'null'
}

function listText(list: Span, depth: number): string {
  assertDepth(depth)
  let items = ''
  scan(list, (number, wireType, reader) => {
    if (number !== 1 || wireType !== WireType.LengthDelimited) return false
    items += `${items === '' ? '' : ','}${valueText({ reader, end: enter(reader, list.end) }, depth + 1)}`
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
