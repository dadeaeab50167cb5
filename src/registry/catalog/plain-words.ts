import { wordsOf } from '../search/words.ts'

/** What people say around what they look for: it tells no agent from another. */
const FILLERS = new Set(
  `a an the this that which who what some any all my me i we us our you your it its
  is are was be do does can could would should will may might please
  find show give get look looking need needs want wants like help helps
  for to of in on at with by from into about and or as there
  agent agents tool tools service services able capable`.split(/\s+/),
)

/** Words read of one text, and words searched for. */
const MAX_READ = 500
const MAX_SEARCHED = 16

/**
 * What a request in plain words looks for: its words without those that say nothing, or all of them where none says
 * anything. Empty for a text without a word.
 */
export function plainWords(text: string): readonly string[] {
  const words = wordsOf(text, MAX_READ)
  const telling = words.filter((word) => !FILLERS.has(word))
  return (telling.length > 0 ? telling : words).slice(0, MAX_SEARCHED)
}
