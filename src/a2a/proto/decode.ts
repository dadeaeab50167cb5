import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { objectText } from '../json-text.ts'
import {
  assertDepth,
  BRACES,
  inside,
  notePiece,
  type Pieces,
  type Room,
  readInstant,
  readName,
  readText,
  SEPARATORS,
  type Span,
  scan,
  spanOf,
  structText,
  take,
  valueText,
} from './decode-value.ts'
import { printDuration, printTimestamp } from './instant.ts'
import { type AnyTable, type Field, isEnum, type Kind, type MessageTable } from './message-table.ts'

/**
 * Bytes → proto-JSON text. Defaults are left out, but where the table wants them shown; unknown fields are skipped; an
 * enum's unknown number stays a number, for the schema to refuse.
 *
 * Throws `invalid_params` for what JSON cannot hold and what would nest deeper than JSON may, `payload_too_large` as soon as
 * the JSON gets longer than about `maxBytes`, and whatever the reader throws for bytes that are no message.
 */
export function decodeMessage(table: MessageTable, bytes: Uint8Array, maxBytes: number): string {
  return messageText(table, spanOver(bytes, { left: maxBytes }), 1)
}

/** Not the `Buffer` that the bytes may be: its views cost several times as much. */
const spanOver = ({ buffer, byteOffset, byteLength }: Uint8Array, room: Room): Span => ({
  reader: new BinaryReader(new Uint8Array(buffer, byteOffset, byteLength)),
  end: byteLength,
  room,
})

/** `depth` is that of the JSON object which the message becomes. */
const messageText = (table: MessageTable, span: Span, depth: number): string =>
  `{${membersText(table, span, depth)}}`

/** What was read of the fields of a message, by their place in the table. */
type Found = {
  /** Of scalars their JSON, of lists that of their items. */
  readonly texts: (string | undefined)[]
  /** Of single messages, which are read when all of them is known to be there. */
  readonly pieces: (Pieces | undefined)[]
  readonly maps: (Map<string, string> | undefined)[]
}

/** The members of the object, without its braces. */
function membersText(table: MessageTable, span: Span, depth: number): string {
  assertDepth(depth)
  take(span.room, BRACES)
  const found: Found = { texts: [], pieces: [], maps: [] }
  scan(span, (number, wireType) => {
    const field = table.byNumber.get(number)
    if (field === undefined || wireType !== wireTypeOf(field)) return false
    if (field.choice !== undefined) forgetOthers(found, table, field)
    readField(found, field, span, depth)
    return true
  })
  let members = ''
  for (const field of table.fields) {
    const text = textOfField(found, field, span, depth)
    if (text === undefined) continue
    take(span.room, field.key.length + (field.zero?.length ?? 0) + SEPARATORS)
    members += `${members === '' ? '' : ','}${field.key}${text}`
  }
  span.reader.pos = span.end
  return members
}

const wireTypeOf = ({ isVarint }: Field): WireType => (isVarint ? WireType.Varint : WireType.LengthDelimited)

/** Of a choice, the last one on the wire is the one that is set. */
function forgetOthers(found: Found, table: MessageTable, chosen: Field): void {
  for (const { choice, index } of table.fields) {
    if (choice !== chosen.choice || index === chosen.index) continue
    found.texts[index] = undefined
    found.pieces[index] = undefined
  }
}

function readField(found: Found, field: Field, span: Span, depth: number): void {
  const { kind, shape, index, isMessage } = field
  const { reader, room } = span
  if (shape === 'map') {
    found.maps[index] ??= new Map()
    readEntry(found.maps[index], field, inside(span), depth + 2)
  } else if (shape === 'many') {
    const before = found.texts[index]
    const item = isMessage ? textOfMessage(kind, inside(span), depth + 2) : readScalar(kind, reader, room)
    found.texts[index] = before === undefined ? item : `${before},${item}`
  } else if (isMessage) {
    found.pieces[index] = notePiece(found.pieces[index], span)
  } else {
    found.texts[index] = readScalar(kind, reader, room)
  }
}

function textOfField(
  found: Found,
  { index, kind, shape, zero, hasPresence, isAlwaysShown }: Field,
  span: Span,
  depth: number,
): string | undefined {
  const pieces = found.pieces[index]
  if (pieces !== undefined) return textOfMessage(kind, spanOf(pieces, span), depth + 1)
  const map = found.maps[index]
  if (map !== undefined) {
    assertDepth(depth + 1)
    return objectText(map)
  }
  const text = found.texts[index]
  if (text === undefined) return isAlwaysShown ? zero : undefined
  if (shape === 'many') {
    assertDepth(depth + 1)
    return `[${text}]`
  }
  return text === zero && !hasPresence && !isAlwaysShown ? undefined : text
}

function readScalar(kind: Kind, reader: BinaryReader, room: Room): string {
  if (kind === 'string') return readText(reader, room)
  if (kind === 'bytes') return base64Text(reader.bytes(), room)
  const text = kind === 'bool' ? String(reader.bool()) : numberText(kind, reader.int32())
  take(room, text.length)
  return text
}

function numberText(kind: Kind, number: number): string {
  const name = isEnum(kind) ? kind.names.get(number) : undefined
  return name === undefined ? String(number) : JSON.stringify(name)
}

function base64Text({ buffer, byteOffset, byteLength }: Uint8Array, room: Room): string {
  take(room, byteLength * (4 / 3))
  return `"${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}"`
}

const MAX_INSTANT_LENGTH = 32

/** Of a kind whose fields are `isMessage`. */
function textOfMessage(kind: Kind, span: Span, depth: number): string {
  if (typeof kind === 'object' && kind.type === 'message') return messageText(kind, span, depth)
  if (typeof kind === 'object' && kind.type === 'any') return anyText(kind, span, depth)
  switch (kind) {
    case 'struct':
      return structText(span, depth)
    case 'value':
      return valueText(span, depth)
    case 'timestamp':
      take(span.room, MAX_INSTANT_LENGTH)
      return `"${printTimestamp(readInstant(span))}"`
    default:
      take(span.room, MAX_INSTANT_LENGTH)
      return `"${printDuration(readInstant(span))}"`
  }
}

function readEntry(map: Map<string, string>, { kind, isMessage }: Field, entry: Span, depth: number): void {
  let key = ''
  let text: string | undefined
  let pieces: Pieces | undefined
  const { room } = entry
  scan(entry, (number, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false
    if (number === 1) key = readName(reader, room)
    else if (number === 2 && isMessage) pieces = notePiece(pieces, entry)
    else if (number === 2) text = readScalar(kind, reader, room)
    else return false
    return true
  })
  if (isMessage)
    text = textOfMessage(kind, pieces === undefined ? nothing(room) : spanOf(pieces, entry), depth)
  map.set(key, text ?? '""')
  entry.reader.pos = entry.end
}

const nothing = (room: Room): Span => spanOver(new Uint8Array(), room)

/** As proto-JSON has it; of a type we do not know, its bytes in base64. */
function anyText({ byName }: AnyTable, span: Span, depth: number): string {
  const { room } = span
  let url = ''
  let value: Uint8Array = new Uint8Array()
  scan(span, (number, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false
    if (number === 1) url = readName(reader, room)
    else if (number === 2) value = reader.bytes()
    else return false
    return true
  })
  const type = `"@type":${JSON.stringify(url)}`
  const table = byName.get(url.slice(url.lastIndexOf('/') + 1))
  if (table === undefined) return `{${type},"value":${base64Text(value, room)}}`
  const members = membersText(table, spanOver(value, room), depth)
  return members === '' ? `{${type}}` : `{${type},${members}}`
}
