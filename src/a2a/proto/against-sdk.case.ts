import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { ProtoCodec } from './codec.ts'
import { type Field, isEnum, type Kind, type MessageTable } from './message-table.ts'

/** One method of a service as an independent implementation generated it: how it turns its own objects into bytes. */
type OtherMethod = {
  readonly path: string
  readonly requestSerialize: (value: never) => Buffer
  readonly requestDeserialize: (bytes: Buffer) => unknown
  readonly responseSerialize: (value: never) => Buffer
  readonly responseDeserialize: (bytes: Buffer) => unknown
}

type OtherCodec = {
  readonly serialize: (value: unknown) => Buffer
  readonly deserialize: (bytes: Buffer) => unknown
}

export const otherRequest = (method: OtherMethod): OtherCodec => ({
  serialize: (value) => method.requestSerialize(value as never),
  deserialize: method.requestDeserialize,
})

export const otherResponse = (method: OtherMethod): OtherCodec => ({
  serialize: (value) => method.responseSerialize(value as never),
  deserialize: method.responseDeserialize,
})

const text = fc.string({ unit: 'grapheme', maxLength: 6 })
const key = text.filter((name) => name !== '__proto__')
const json = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll('__proto__', 'proto')))
const object = fc.dictionary(key, json, { maxKeys: 3 })

const instant = fc
  .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.toISOString())

const base64 = fc.uint8Array({ maxLength: 7 }).map((bytes) => Buffer.from(bytes).toString('base64'))

/** Fields, as `Message.field`, that the other implementation does not know. */
type Unknown = ReadonlySet<string>

function arbitraryOf(kind: Kind, hasPresence: boolean, unknown: Unknown): fc.Arbitrary<unknown> {
  if (typeof kind === 'object' && kind.type === 'message') return valuesOf(kind, unknown)
  if (isEnum(kind)) {
    return fc.constantFrom(...[...kind.numbers.keys()].slice(hasPresence ? 0 : 1))
  }
  switch (kind) {
    case 'string':
      return hasPresence ? text : text.filter((value) => value !== '')
    case 'bytes':
      return hasPresence ? base64 : base64.filter((value) => value !== '')
    case 'bool':
      return hasPresence ? fc.boolean() : fc.constant(true)
    case 'int32':
      return fc.integer().filter((value) => hasPresence || value !== 0)
    case 'struct':
      return object
    case 'value':
      return json
    default:
      return instant
  }
}

function fieldOf(field: Field, unknown: Unknown): fc.Arbitrary<unknown> {
  const hasPresence = field.hasPresence || field.isAlwaysShown || field.shape !== 'one'
  const one = arbitraryOf(field.kind, hasPresence, unknown)
  const minLength = field.isAlwaysShown ? 0 : 1
  if (field.shape === 'many') return fc.array(one, { minLength, maxLength: 2 })
  return field.shape === 'map' ? fc.dictionary(key, one, { minKeys: minLength, maxKeys: 2 }) : one
}

/** The values of a message, as decoding writes them: without defaults, but where they are always shown. */
export function valuesOf(
  table: MessageTable,
  unknown: Unknown = new Set(),
): fc.Arbitrary<Record<string, unknown>> {
  const known = table.fields.filter(({ name }) => !unknown.has(`${table.name}.${name}`))
  const free = known.filter(({ choice }) => choice === undefined)
  const choices = Map.groupBy(known, ({ choice }) => choice ?? '')
  choices.delete('')
  const plain = fc.record(Object.fromEntries(free.map((field) => [field.name, fieldOf(field, unknown)])), {
    requiredKeys: free.filter(({ isAlwaysShown }) => isAlwaysShown).map(({ name }) => name),
  })
  const chosen = [...choices.values()].map((fields) =>
    fc.oneof(
      fc.constant({}),
      ...fields.map((field) => fieldOf(field, unknown).map((value) => ({ [field.name]: value }))),
    ),
  )
  return fc.tuple(plain, ...chosen).map((parts) => JSON.parse(JSON.stringify(Object.assign({}, ...parts))))
}

/** Names that the other implementation takes from the proto file where JSON has a name of its own. */
type Renamed = Readonly<Record<string, string>>

/** Asserts that what the other implementation read of a message says the same as its JSON, name by name. */
function assertSame(
  table: MessageTable,
  other: unknown,
  value: Record<string, unknown>,
  renamed: Renamed,
): void {
  const flat = flattened(other, renamed)
  const known = new Set(table.fields.flatMap(({ name, choice }) => [name, choice]))
  for (const name of flat.keys()) assert.ok(known.has(name), `${table.name} has no field ${name}`)
  for (const field of table.fields) {
    const where = `${table.name}.${field.name}`
    const theirs = flat.get(field.name)
    if (!Object.hasOwn(value, field.name)) {
      assert.ok(isEmpty(theirs), `${where} should be unset`)
      continue
    }
    const ours = value[field.name]
    if (field.shape === 'many') {
      const items = ours as readonly unknown[]
      assert.equal((theirs as readonly unknown[]).length, items.length, where)
      for (const [at, item] of items.entries()) {
        assertValue(where, field.kind, (theirs as readonly unknown[])[at], item, renamed)
      }
    } else if (field.shape === 'map') {
      const entries = ours as Record<string, unknown>
      assert.deepEqual(Object.keys(theirs as object).sort(), Object.keys(entries).sort(), where)
      for (const [name, item] of Object.entries(entries)) {
        assertValue(where, field.kind, (theirs as Record<string, unknown>)[name], item, renamed)
      }
    } else assertValue(where, field.kind, theirs, ours, renamed)
  }
}

function assertValue(where: string, kind: Kind, theirs: unknown, ours: unknown, renamed: Renamed): void {
  if (typeof kind === 'object' && kind.type === 'message') {
    assertSame(kind, theirs, ours as Record<string, unknown>, renamed)
  } else if (isEnum(kind)) assert.equal(theirs, kind.numbers.get(String(ours)), where)
  else if (kind === 'bytes') assert.equal(Buffer.from(theirs as Uint8Array).toString('base64'), ours, where)
  else if (kind === 'timestamp') assert.equal(new Date(theirs as string).toISOString(), ours, where)
  else assert.deepEqual(theirs, ours, where)
}

/** `{ $case, value }` as the member it stands for. */
function flattened(other: unknown, renamed: Renamed): ReadonlyMap<string, unknown> {
  const flat = new Map<string, unknown>()
  for (const [name, value] of Object.entries(other as object)) {
    const isChoice = typeof value === 'object' && value !== null && '$case' in value
    const [key, inner] = isChoice ? [value.$case as string, value.value] : [name, value]
    flat.set(renamed[key] ?? key, inner)
  }
  return flat
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === '' ||
  value === 0 ||
  value === false ||
  (typeof value === 'object' && value !== null && Object.keys(value).length === 0)

/** Asserts, for generated values of a message, that both implementations say the same with the same bytes. */
export function assertAgree(ours: ProtoCodec, other: OtherCodec, renamed: Renamed, unknown?: Unknown): void {
  fc.assert(
    fc.property(valuesOf(ours.table, unknown), (value) => {
      const bytes = Buffer.from(ours.encode(JSON.stringify(value)))
      const theirs = other.deserialize(bytes)

      assertSame(ours.table, theirs, value, renamed)
      assert.deepEqual(JSON.parse(ours.decode(other.serialize(theirs))), value)
      assert.deepEqual(JSON.parse(ours.decode(bytes)), value)
    }),
    { numRuns: 60 },
  )
}
