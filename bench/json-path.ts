/** The value at a path of members and indexes, or `undefined`. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = Reflect.get(found, step)
  }
  return found
}

/** The text at a path. Throws when there is none. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path)
  if (typeof found === 'string') return found
  throw new Error(`no text at ${path.join('.')} of ${JSON.stringify(value)?.slice(0, 500)}`)
}
