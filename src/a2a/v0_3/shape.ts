import type { NameOf } from './read.ts'

/** The words of an enum, of 0.3 ⇄ of 1.0. */
export type Words = {
  /** Proto-JSON may also give an enum by its number. */
  readonly toV1: Readonly<Record<string, string>>
  readonly fromV1: Readonly<Record<string, string>>
}

/** What differs between the two JSON forms of A2A 0.3, in what both of them say. */
export type Shape = {
  readonly nameOf: NameOf
  /** What a message calls its parts. */
  readonly partsOfMessage: 'parts' | 'content'
  readonly roles: Words
  readonly states: Words
  /** One part, exact text to exact text. */
  readonly decodePart: (part: string) => string
  readonly encodePart: (part: string) => string
  /** The discriminator of an object, where this form writes one. */
  readonly kindOf: (kind: Kind) => string | undefined
  /** Whether members that neither version knows are passed on, and ids of referenced tasks have a place. */
  readonly isOpen: boolean
}

export type Kind = 'message' | 'task' | 'status-update' | 'artifact-update'

/** What the word in `text` is in `table`, or else `otherwise`. Both texts are JSON. */
export function wordIn(
  table: Readonly<Record<string, string>>,
  text: string | undefined,
  otherwise: string,
): string {
  const word = text === undefined ? '' : String(JSON.parse(text))
  return JSON.stringify(Object.hasOwn(table, word) ? table[word] : otherwise)
}
