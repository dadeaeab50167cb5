import { endOfString, endOfValue, skipSpace } from './json-text.ts'

/**
 * The line, counted from 1, on which the value begins that a JSON pointer (RFC 6901) leads to; for a member that is not there,
 * the line of what lacks it. `text` is JSON.
 */
export function lineOf(text: string, pointer: string): number {
  let at = skipSpace(text, 0)
  for (const token of pointer.split('/').slice(1)) {
    const next = memberAt(text, at, token.replaceAll('~1', '/').replaceAll('~0', '~'))
    if (next === undefined) break
    at = next
  }
  let line = 1
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', end + 1)) line++
  return line
}

/** Where the member or element `name` of what begins at `start` begins; of a repeated name the last counts. */
function memberAt(text: string, start: number, name: string): number | undefined {
  const isObject = text[start] === '{'
  if (!isObject && text[start] !== '[') return undefined
  let found: number | undefined
  let at = skipSpace(text, start + 1)
  for (let index = 0; at < text.length && text[at] !== '}' && text[at] !== ']'; index++) {
    let key = String(index)
    if (isObject) {
      const keyEnd = endOfString(text, at)
      key = JSON.parse(text.slice(at, keyEnd))
      at = skipSpace(text, skipSpace(text, keyEnd) + 1)
    }
    if (key === name) found = at
    at = skipSpace(text, endOfValue(text, at))
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return found
}
