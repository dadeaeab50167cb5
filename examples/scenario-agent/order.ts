import type { Message } from '@a2a-js/sdk'

/** What a message asks for: a skill by name, and the words that follow the name. */
export type Order = {
  readonly skill: string
  /** The whole text after the skill's name. */
  readonly text: string
  readonly words: readonly string[]
}

/**
 * Reads the order from a message: `metadata.skill` when set, else the first word of the first text part.
 *
 * A `messageId` that starts with one of `prefixes` names the skill before both, the longest prefix first.
 */
export function readOrder(message: Message, prefixes: readonly string[]): Order {
  const text = firstText(message)
  const named: unknown = message.metadata?.skill
  const prefix = longestPrefix(message.messageId, prefixes)
  if (prefix !== undefined) return order(prefix, text)
  if (typeof named === 'string') return order(named, text)
  const [first = ''] = text.split(/\s+/, 1)
  return order(first.toLowerCase(), text.slice(first.length).trim())
}

/** The `index`th word as a whole number from 0 to `max`, or `fallback` when it is not one. */
export function numberAt({ words }: Order, index: number, fallback: number, max: number): number {
  const word = words[index]
  return word !== undefined && /^\d{1,10}$/.test(word) ? Math.min(Number(word), max) : fallback
}

const order = (skill: string, text: string): Order => ({
  skill,
  text,
  words: text === '' ? [] : text.split(/\s+/),
})

/** The first text part, trimmed; empty when there is none. */
export function firstText(message: Message): string {
  for (const { content } of message.parts) if (content?.$case === 'text') return content.value.trim()
  return ''
}

const longestPrefix = (messageId: string, prefixes: readonly string[]) =>
  prefixes.filter((prefix) => messageId.startsWith(prefix)).sort((a, b) => b.length - a.length)[0]
