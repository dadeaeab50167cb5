/**
 * Objects of 0.3 as their writers spell them, read under one spelling: members that are `null` mean nothing and are left
 * out, and a shape may know a member by several names. Values are checked and texts are taken apart by the same rules,
 * so that translation never meets what was not checked.
 */
import { isObject } from '../json-object.ts'
import { type Members, membersOf } from '../json-text.ts'
import { type Check, invalidParams } from '../wire.ts'

/** The name a shape knows a member by, for a name somebody wrote. The known name itself wins over its other spellings. */
export type NameOf = (written: string) => string

export const asWritten: NameOf = (written) => written

/** Members whose content is the user's: any names, any `null`s. */
const OPAQUE: ReadonlySet<string> = new Set(['metadata', 'data'])

/** The members of the object that `text` holds, by their known names. */
export function readMembers(text: string, nameOf: NameOf = asWritten): Members {
  return mergeSpellings(membersOf(text), nameOf, (value) => value !== 'null')
}

/** The text of a member, unless it is the empty string: 0.3 can tell that from none, 1.0 cannot. */
export const filled = (text: string | undefined): string | undefined => (text === '""' ? undefined : text)

/** Judges a value by its known names. Throws `invalid_params`, its pointers into `value` as it was written. */
export function checkAs(check: Check<unknown>, value: unknown, nameOf: NameOf = asWritten): void {
  const violations = check.violations(readValue(value, nameOf))
  if (violations.length === 0) return
  throw invalidParams(
    violations.map((violation) => ({
      ...violation,
      pointer: pointerInto(value, violation.pointer, nameOf),
    })),
  )
}

/** The value with all its objects' members under their known names. */
export function readValue(value: unknown, nameOf: NameOf): unknown {
  if (Array.isArray(value)) return value.map((item) => readValue(item, nameOf))
  if (!isObject(value)) return value
  const members = mergeSpellings(Object.entries(value), nameOf, (member) => member !== null)
  return Object.fromEntries(
    [...members].map(([name, member]) => [name, OPAQUE.has(name) ? member : readValue(member, nameOf)]),
  )
}

function mergeSpellings<V>(
  written: Iterable<readonly [string, V]>,
  nameOf: NameOf,
  isGiven: (value: V) => boolean,
): Map<string, V> {
  const known = new Map<string, V>()
  for (const [name, value] of written) {
    const knownName = nameOf(name)
    if (isGiven(value) && (knownName === name || !known.has(knownName))) known.set(knownName, value)
  }
  return known
}

function pointerInto(value: unknown, pointer: string, nameOf: NameOf): string {
  let at = value
  return pointer
    .split('/')
    .map((segment, index) => {
      if (index === 0) return segment
      const name = spellingIn(at, segment, nameOf)
      at = isObject(at) || Array.isArray(at) ? Reflect.get(at, name) : undefined
      return name
    })
    .join('/')
}

const spellingIn = (object: unknown, name: string, nameOf: NameOf): string =>
  isObject(object) && !Object.hasOwn(object, name)
    ? (Object.keys(object).find((written) => nameOf(written) === name) ?? name)
    : name
