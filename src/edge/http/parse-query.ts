import type { TObject, TSchema } from 'typebox'
import { ParleyError, type Violation } from '../../errors.ts'

/**
 * A query string as the object its schema describes: names that may repeat become lists, numbers and booleans are
 * read. Throws `invalid_params` naming every parameter that is unknown, repeated or unreadable; ranges and formats
 * are left to the schema's check.
 */
export function parseQuery(url: string, schema: TObject): Readonly<Record<string, unknown>> {
  const start = url.indexOf('?')
  if (start < 0) return {}
  const given = new URLSearchParams(url.slice(start))
  const query: Record<string, unknown> = {}
  const violations: Violation[] = []
  for (const name of new Set(given.keys())) {
    const texts = given.getAll(name)
    const property = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined
    if (property === undefined) violations.push(unknownName(name, schema))
    else if (typeOf(property) === 'array') query[name] = texts
    else if (texts.length > 1) violations.push(problem(name, 'repeated', 'must be given once'))
    else {
      const value = queryValue(texts[0] ?? '', typeOf(property))
      if (value === undefined) violations.push(problem(name, 'type', `must be ${READABLE[typeOf(property)]}`))
      else query[name] = value
    }
  }
  const [first] = violations
  if (first === undefined) return query
  throw new ParleyError('invalid_params', `Query parameter ${first.pointer.slice(1)} ${first.message}`, {
    violations,
  })
}

/** What the text of a parameter must be, by its type. */
export const READABLE: Readonly<Record<string, string>> = { integer: 'an integer', boolean: 'true or false' }

const typeOf = (property: TSchema): string =>
  'type' in property && typeof property.type === 'string' ? property.type : 'string'

/** One parameter as a JSON value of its type, `undefined` when its text is none. Of types not in `READABLE` it is the text. */
export function queryValue(text: string, type: string): unknown {
  if (type === 'integer') return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined
  return text
}

const problem = (name: string, code: string, message: string, hint?: string): Violation => ({
  pointer: `/${name.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`,
  code,
  message,
  ...(hint !== undefined && { hint }),
})

function unknownName(name: string, schema: TObject): Violation {
  const known = Object.keys(schema.properties)
  const hint = known.length === 0 ? 'this route takes no parameters' : `known: ${known.join(', ')}`
  return problem(name, 'unknown', 'is unknown', hint)
}
