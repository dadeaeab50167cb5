import type { Static, TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { Settings } from 'typebox/system'
import { ParleyError, type Violation } from '../errors.ts'
import { depthOf, type JsonText } from './json-text.ts'

/** A value together with the exact text it was read from: code decides on `value`, storage and peers get `text`. */
export type Wire<T> = { readonly value: T; readonly text: JsonText<T> }

/** Of text that is known to be JSON. */
export const wireOf = <T>(text: JsonText<T>): Wire<T> => ({ value: JSON.parse(text), text })

/** Deeper JSON is refused before it is parsed. */
export const MAX_JSON_DEPTH = 64

/** At most this many violations are reported for one input. */
const MAX_VIOLATIONS = 100

/** The validator stops at 8 of its own errors; a violation may take several. */
Settings.Set({ maxErrors: 5 * MAX_VIOLATIONS })

/** Violations are looked for in this many items of an input's lists: the search takes time and room for each, right or wrong. */
const MAX_SEARCHED_ITEMS = 20_000

/** JSON text → value. Throws `parse_error` for what is no JSON, `invalid_params` for what nests too deeply. */
export function parseJson(text: string): unknown {
  const depth = depthOf(text, MAX_JSON_DEPTH)
  if (depth > MAX_JSON_DEPTH) {
    throw new ParleyError('invalid_params', `JSON nests deeper than ${MAX_JSON_DEPTH} levels`)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ParleyError('parse_error', 'The body is not valid JSON', { cause })
  }
}

/** Checks values against one schema. Compiled once, at module load. */
export type Check<T> = {
  readonly schema: TSchema
  /** The value as `T`, or `invalid_params` naming every violation. */
  readonly parse: (value: unknown) => T
  /** Every violation; empty when the value is a `T`. */
  readonly violations: (value: unknown) => readonly Violation[]
}

export function check<S extends TSchema>(schema: S): Check<Static<S>> {
  let compiled: Validator | undefined
  const validator = (): Validator => {
    compiled ??= Compile(schema)
    return compiled
  }
  const violations = (value: unknown): readonly Violation[] => {
    if (validator().Check(value)) return []
    const found = describe(validator(), value)
    return found.length > 0 ? found : [{ pointer: '', code: 'schema', message: 'does not match its schema' }]
  }
  return {
    schema,
    violations,
    parse(value) {
      const found = violations(value)
      if (found.length === 0) return value as Static<S>
      throw invalidParams(found)
    },
  }
}

/** The pointer to a member of the whole, or what follows the pointer to an object for a member of that. */
export const pointerTo = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`

/** The `invalid_params` that names these violations; its message names the first. */
export const invalidParams = (violations: readonly Violation[]): ParleyError =>
  new ParleyError('invalid_params', summarise(violations), { violations })

function describe(validator: Validator, value: unknown): readonly Violation[] {
  return validator
    .Errors(beginningOf(value))
    .filter((e) => !e.schemaPath.includes('/oneOf/'))
    .flatMap((e): Violation[] => {
      if (e.keyword !== 'required')
        return [{ pointer: e.instancePath, code: e.keyword, message: messageOf(e) }]
      const { requiredProperties } = e.params as { requiredProperties: readonly string[] }
      return requiredProperties.map((name) => ({
        pointer: `${e.instancePath}/${name}`,
        code: 'required',
        message: 'is required',
      }))
    })
    .slice(0, MAX_VIOLATIONS)
}

/** The same value, its lists cut short, but never empty, once they hold more than `MAX_SEARCHED_ITEMS` together. */
function beginningOf(whole: unknown): unknown {
  let left = MAX_SEARCHED_ITEMS
  const cut = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) {
      const items = value.slice(0, Math.max(1, left))
      left -= items.length
      return items.map(cut)
    }
    const nested = Object.entries(value).filter(([, member]) => typeof member === 'object')
    return { ...value, ...Object.fromEntries(nested.map(([name, member]) => [name, cut(member)])) }
  }
  return cut(whole)
}

function messageOf(error: { keyword: string; message: string; params: unknown }): string {
  if (error.keyword === 'oneOf') return 'must have exactly one of its alternatives'
  if (error.keyword === 'enum') {
    return `must be one of ${(error.params as { allowedValues: unknown[] }).allowedValues.join(', ')}`
  }
  return error.message
}

function summarise(violations: readonly Violation[]): string {
  const [first] = violations
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : ''
  return first === undefined ? 'Invalid parameters' : `${first.pointer || '/'} ${first.message}${more}`
}
