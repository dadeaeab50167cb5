/**
 * Wire JSON as text. What a client or an agent wrote is kept byte for byte (their `metadata` and `data`
 * may hold numbers and key orders that a parse and print would change), so objects are taken apart and put together
 * as text, one level at a time.
 *
 * Every function here expects text that `JSON.parse` has accepted.
 */
declare const shape: unique symbol

/** JSON text that holds a `T`. */
export type JsonText<T> = string & { readonly [shape]?: T }

/** The members of a JSON object, each value as its exact text. Of a repeated name the last wins, as in `JSON.parse`. */
export type Members = ReadonlyMap<string, string>

export const textOf = <T>(value: T): JsonText<T> => JSON.stringify(value)

/** The members of the object that `text` holds. */
export function membersOf(text: string): Members {
  const members = new Map<string, string>()
  let at = skipSpace(text, skipSpace(text, 0) + 1)
  while (text.charCodeAt(at) !== CLOSE_BRACE) {
    const keyEnd = endOfString(text, at)
    const key = JSON.parse(text.slice(at, keyEnd)) as string
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const end = endOfValue(text, start)
    members.delete(key)
    members.set(key, text.slice(start, end))
    at = skipSpace(text, end)
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1)
  }
  return members
}

/** The elements of the array that `text` holds, each as its exact text. */
export function elementsOf(text: string): string[] {
  const elements: string[] = []
  let at = skipSpace(text, skipSpace(text, 0) + 1)
  while (text.charCodeAt(at) !== CLOSE_BRACKET) {
    const end = endOfValue(text, at)
    elements.push(text.slice(at, end))
    at = skipSpace(text, end)
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1)
  }
  return elements
}

/** The same array with every element replaced. */
export const mapElements = (text: string, replace: (element: string, index: number) => string): string =>
  `[${elementsOf(text).map(replace).join(',')}]`

/** An object from members in their order; `undefined` leaves a member out. */
export function objectText(members: Iterable<readonly [string, string | undefined]>): string {
  let text = ''
  for (const [key, value] of members) {
    if (value === undefined) continue
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${value}`
  }
  return `{${text}}`
}

/** The same object with some members replaced, added or (`undefined`) left out; all others untouched and in place. */
export function withMembers(text: string, changes: Readonly<Record<string, string | undefined>>): string {
  const members = new Map<string, string | undefined>(membersOf(text))
  for (const [key, value] of Object.entries(changes)) members.set(key, value)
  return objectText(members)
}

/** How deeply `text` nests arrays and objects, counted without parsing, and no further than `limit + 1`. */
export function depthOf(text: string, limit: number): number {
  let depth = 0
  let deepest = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at) - 1
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth++
      if (depth > deepest) deepest = depth
      if (deepest > limit) return deepest
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--
  }
  return deepest
}

/** Whether any object in `text`, however deep, has two members of one name. */
export function hasRepeatedName(text: string): boolean {
  const open: (Set<string> | undefined)[] = []
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === OPEN_BRACE) open.push(new Set())
    else if (code === OPEN_BRACKET) open.push(undefined)
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) open.pop()
    else if (code === QUOTE) {
      const end = endOfString(text, at)
      const names = open.at(-1)
      if (names !== undefined && text.charCodeAt(skipSpace(text, end)) === COLON) {
        const name = JSON.parse(text.slice(at, end)) as string
        if (names.has(name)) return true
        names.add(name)
      }
      at = end - 1
    }
  }
  return false
}

const QUOTE = 0x22
const COLON = 0x3a
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** The index of the first character from `start` that is no white space. */
export function skipSpace(text: string, start: number): number {
  let at = start
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++
  return at
}

/** The index after the string that opens at `start`; the end of the text when it never closes. */
export function endOfString(text: string, start: number): number {
  let from = start + 1
  for (;;) {
    const quote = text.indexOf('"', from)
    if (quote < 0) return text.length
    let slashes = 0
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return quote + 1
    from = quote + 1
  }
}

/** The index after the value that begins at `start`. */
export function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start)
  if (first === QUOTE) return endOfString(text, start)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfNested(text, start)
  let at = start
  while (at < text.length && !isDelimiter(text.charCodeAt(at))) at++
  return at
}

function endOfNested(text: string, start: number): number {
  let depth = 0
  let at = start
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else {
      at++
      if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++
      else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) return at
    }
  }
  return at
}

const isDelimiter = (code: number): boolean =>
  code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code <= 0x20
