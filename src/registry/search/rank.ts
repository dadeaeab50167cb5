import { type AgentListing, RANKED_FIELDS, type RankedField } from './listing.ts'

/** What a word is worth where it is found whole; the beginning of a word is worth half. Anywhere else it is worth 1. */
const WORTH: Readonly<Record<RankedField, number>> = { name: 12, skills: 8, tags: 6, provider: 4 }

/** How well an agent that has all `words` answers them: each counts where it is worth most. */
export const rankOf = ({ words: known }: Pick<AgentListing, 'words'>, words: readonly string[]): number =>
  words.reduce(
    (rank, word) =>
      rank + Math.max(1, ...RANKED_FIELDS.map((field) => WORTH[field] * shareOf(known[field], word))),
    0,
  )

/** The same from 0 to 100, which is every word being the agent's name. */
export const scoreOf = (listing: Pick<AgentListing, 'words'>, words: readonly string[]): number =>
  Math.round((100 * rankOf(listing, words)) / (WORTH.name * Math.max(1, words.length)))

function shareOf(words: string, wanted: string): number {
  if (words.includes(` ${wanted} `)) return 1
  return words.includes(` ${wanted}`) ? 0.5 : 0
}
