import { endOfString, endOfValue, skipSpace } from './json-text.ts'

/**
 * The lines, counted from 1, on which the values begin that JSON pointers (RFC 6901) lead to, in their order; for a member
 * that is not there, the line of what lacks it. `text` is JSON, and read once however many pointers there are.
 */
export function linesOf(text: string, pointers: readonly string[]): readonly number[] {
  const root = newPlace()
  const places = pointers.map((pointer) => {
    const way = [root]
    for (const token of pointer.split('/').slice(1)) {
      way.push(placeIn(way.at(-1) ?? root, token.replaceAll('~1', '/').replaceAll('~0', '~')))
    }
    return way
  })
  find(text, skipSpace(text, 0), root)
  const starts = places.map((way) => way.findLast(({ start }) => start !== undefined)?.start ?? 0)
  return linesAt(text, starts)
}

/** Where a pointer leads, or passes. */
type Place = { start: number | undefined; readonly members: Map<string, Place> }

const newPlace = (): Place => ({ start: undefined, members: new Map() })

function placeIn({ members }: Place, name: string): Place {
  const place = members.get(name) ?? newPlace()
  members.set(name, place)
  return place
}

/** Notes where `place` and all below it begin, and answers where its value ends. */
function find(text: string, start: number, place: Place | undefined): number {
  if (place === undefined) return endOfValue(text, start)
  forget(place)
  place.start = start
  const isObject = text[start] === '{'
  if (place.members.size === 0 || (!isObject && text[start] !== '[')) return endOfValue(text, start)
  let at = skipSpace(text, start + 1)
  for (let index = 0; at < text.length && text[at] !== '}' && text[at] !== ']'; index++) {
    let key = String(index)
    if (isObject) {
      const keyEnd = endOfString(text, at)
      key = JSON.parse(text.slice(at, keyEnd))
      at = skipSpace(text, skipSpace(text, keyEnd) + 1)
    }
    at = skipSpace(text, find(text, at, place.members.get(key)))
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return at + 1
}

/** Of a repeated name the last counts. */
function forget(place: Place): void {
  if (place.start === undefined) return
  place.start = undefined
  for (const member of place.members.values()) forget(member)
}

function linesAt(text: string, starts: readonly number[]): readonly number[] {
  const lines = new Map<number, number>()
  let line = 1
  let end = text.indexOf('\n')
  for (const start of [...new Set(starts)].sort((a, b) => a - b)) {
    for (; end >= 0 && end < start; end = text.indexOf('\n', end + 1)) line++
    lines.set(start, line)
  }
  return starts.map((start) => lines.get(start) ?? 1)
}
