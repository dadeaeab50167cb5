import assert from 'node:assert/strict'

/** The member of a JSON value at a path, or undefined where the path ends early. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = Reflect.get(here, key)
  }
  return here
}

export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path)
  if (typeof found !== 'string') throw wrong('a string', value, path)
  return found
}

export function numberAt(value: unknown, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path)
  if (typeof found !== 'number') throw wrong('a number', value, path)
  return found
}

export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found: unknown = at(value, ...path)
  if (!Array.isArray(found)) throw wrong('an array', value, path)
  return found
}

/** A JSON text as a value; a text that is not JSON fails the test and is shown. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new assert.AssertionError({ message: `not JSON: ${text.slice(0, 500)}` })
  }
}

function wrong(expected: string, value: unknown, path: readonly (string | number)[]): Error {
  const shown = JSON.stringify(value)?.slice(0, 2000)
  return new assert.AssertionError({ message: `${expected} is expected at ${path.join('.')} of ${shown}` })
}
