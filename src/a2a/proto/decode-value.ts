import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { ParleyError } from '../../errors.ts'
import { objectText } from '../json-text.ts'
import { MAX_JSON_DEPTH } from '../wire.ts'
import type { Instant } from './instant.ts'

/** Nested unknown groups are skipped no deeper than this. */
export const MAX_GROUP_DEPTH = 16

const invalid = (message: string): ParleyError => new ParleyError('invalid_params', message)

/** `depth` is that of an array or object in the JSON that is being made. */
export function assertDepth(depth: number): void {
  if (depth > MAX_JSON_DEPTH) throw invalid(`The message nests deeper than ${MAX_JSON_DEPTH} levels of JSON`)
}

/** A message that came in several pieces is what the pieces say one after the other. */
export function joined(slices: readonly Uint8Array[]): Uint8Array {
  const [first, ...more] = slices
  return first === undefined || more.length > 0 ? Buffer.concat(slices) : first
}

/** Calls `onField` for every field until all is read; what it does not take (`false`) is skipped. */
export function scan(
  bytes: Uint8Array,
  onField: (number: number, wireType: WireType, reader: BinaryReader) => boolean,
): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    if (!onField(number, wireType, reader)) reader.skip(wireType, number, MAX_GROUP_DEPTH)
  }
}

export function structText(bytes: Uint8Array, depth: number): string {
  assertDepth(depth)
  const entries = new Map<string, string>()
  scan(bytes, (number, wireType, reader) => {
    if (number !== 1 || wireType !== WireType.LengthDelimited) return false
    const [key, value] = readMember(reader.bytes(), depth + 1)
    entries.set(key, value)
    return true
  })
  return objectText(entries)
}

function readMember(bytes: Uint8Array, depth: number): readonly [string, string] {
  let key = ''
  const slices: Uint8Array[] = []
  scan(bytes, (number, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false
    if (number === 1) key = reader.string(true)
    else if (number === 2) slices.push(reader.bytes())
    else return false
    return true
  })
  return [key, valueText(joined(slices), depth)]
}

/** A value that says nothing of what it is counts as `null`: some senders mean that by it. */
export function valueText(bytes: Uint8Array, depth: number): string {
  let text = 'null'
  let nested: { readonly number: number; readonly slices: Uint8Array[] } | undefined
  scan(bytes, (number, wireType, reader) => {
    if (number < 1 || number > VALUE_WIRE_TYPES.length || wireType !== VALUE_WIRE_TYPES[number - 1])
      return false
    if (number >= 5) {
      if (nested?.number !== number) nested = { number, slices: [] }
      nested.slices.push(reader.bytes())
      return true
    }
    nested = undefined
    text = valueScalar(number, reader)
    return true
  })
  if (nested === undefined) return text
  const all = joined(nested.slices)
  return nested.number === 5 ? structText(all, depth) : listText(all, depth)
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

function listText(bytes: Uint8Array, depth: number): string {
  assertDepth(depth)
  const items: string[] = []
  scan(bytes, (number, wireType, reader) => {
    if (number !== 1 || wireType !== WireType.LengthDelimited) return false
    items.push(valueText(reader.bytes(), depth + 1))
    return true
  })
  return `[${items.join(',')}]`
}

export function readInstant(bytes: Uint8Array): Instant {
  let seconds = 0n
  let nanos = 0
  scan(bytes, (number, wireType, reader) => {
    if (wireType !== WireType.Varint) return false
    if (number === 1) seconds = BigInt(reader.int64())
    else if (number === 2) nanos = reader.int32()
    else return false
    return true
  })
  return { seconds, nanos }
}
