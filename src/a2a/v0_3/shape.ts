import type { NameOf } from './read.ts'

/** A word of 0.3 (as a JSON value) ⇄ a word of 1.0. */
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

/** The JSON text of the word of 1.0 that `text` (JSON of a word of 0.3) means. */
export function wordToV1(words: Words, text: string | undefined, otherwise: string): string {
  const word = text === undefined ? undefined : String(JSON.parse(text))
  return JSON.stringify((word !== undefined && own(words.toV1, word)) || otherwise)
}

export function wordFromV1(words: Words, text: string | undefined, otherwise: string): string {
  const word = text === undefined ? undefined : String(JSON.parse(text))
  return JSON.stringify((word !== undefined && own(words.fromV1, word)) || otherwise)
}

const own = (table: Readonly<Record<string, string>>, word: string): string | undefined =>
  Object.hasOwn(table, word) ? table[word] : undefined
