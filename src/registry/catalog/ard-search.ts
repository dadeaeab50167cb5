import Type, { type Static } from 'typebox'
import { check, invalidParams, parseJson } from '../../a2a/wire.ts'
import type { CurrentHealth } from '../health/current-health.ts'
import { ardBase } from '../public-urls.ts'
import type { AgentPage, AgentQuery } from '../registry.ts'
import { listedWordsOf } from '../search/listing.ts'
import { scoreOf } from '../search/rank.ts'
import { CatalogEntry, catalogEntry } from './catalog-entry.ts'
import { type CatalogFilter, filtersOf } from './catalog-filter.ts'
import { plainWords } from './plain-words.ts'

const Value = Type.String({ minLength: 1, maxLength: 256 })

/** What searches and counts share (ARD §7.1). */
export const ArdQuery = Type.Object(
  {
    text: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2000, description: 'What is looked for, in plain words' }),
    ),
    filter: Type.Optional(
      Type.Record(Type.String(), Type.Union([Value, Type.Array(Value, { minItems: 1, maxItems: 20 })]), {
        maxProperties: 20,
        description: 'By type, publisher, tags or capabilities; of several values any will do',
      }),
    ),
  },
  { additionalProperties: false },
)
type ArdQuery = Static<typeof ArdQuery>

/** Body of `POST /search` (ARD §7.2). */
export const ArdSearchBody = Type.Object(
  {
    query: Type.Object(
      { ...ArdQuery.properties, text: Type.String({ minLength: 1, maxLength: 2000 }) },
      { additionalProperties: false },
    ),
    federation: Type.Optional(
      Type.Enum(['auto', 'referrals', 'none'], {
        description: 'No other registry is asked, whatever it says',
      }),
    ),
    pageSize: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    pageToken: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
  },
  { additionalProperties: false },
)

/** Answer to it. `score` is how well the words fit: no judgement of trust. */
export const ArdSearchResult = Type.Object({
  results: Type.Array(
    Type.Object({
      ...CatalogEntry.properties,
      score: Type.Integer({ minimum: 0, maximum: 100 }),
      source: Type.String({ format: 'uri', description: 'The registry that has it' }),
    }),
  ),
  referrals: Type.Optional(
    Type.Array(Type.Unknown(), { description: 'Empty: there is no registry to refer to' }),
  ),
  pageToken: Type.Optional(Type.String()),
})

const bodyCheck = check(ArdSearchBody)
const DEFAULT_PAGE_SIZE = 10

export type ArdSearch = {
  /** What to search for; absent where nothing can be found. */
  readonly query?: AgentQuery
  readonly words: readonly string[]
  readonly wantsReferrals: boolean
}

/** Reads the body of a search. Throws `parse_error` or `invalid_params`. */
export function parseArdSearch(text: string, publicUrl: string): ArdSearch {
  const { query, federation, pageSize, pageToken } = bodyCheck.parse(parseJson(text))
  const words = plainWords(query.text)
  const found = matchedBy(query, publicUrl)
  return {
    ...(found && {
      query: {
        ...found,
        sort: 'relevance',
        limit: pageSize ?? DEFAULT_PAGE_SIZE,
        ...(pageToken !== undefined && { cursor: pageToken }),
      },
    }),
    words,
    wantsReferrals: federation === 'referrals',
  }
}

/**
 * What searches and counts alike are about: entries that have every telling word of the text, and pass the filter.
 * `undefined` where no agent can. Throws `invalid_params`.
 */
export function matchedBy(
  { text, filter = {} }: ArdQuery,
  publicUrl: string,
): Omit<AgentQuery, 'limit'> | undefined {
  const words = text === undefined ? [] : plainWords(text)
  if (text !== undefined && words.length === 0) {
    throw invalidParams([{ pointer: '/query/text', code: 'words', message: 'has no word to search for' }])
  }
  const filters = filtersOf(asLists(filter), publicUrl, '/query/filter')
  if (filters === undefined) return undefined
  return { filters, ...(words.length > 0 && { text: words.join(' ') }) }
}

const asLists = (filter: NonNullable<ArdQuery['filter']>): CatalogFilter =>
  Object.fromEntries(
    Object.entries(filter).map(([field, value]) => [field, typeof value === 'string' ? [value] : value]),
  )

export const ardSearchResult = (
  { items, nextCursor }: AgentPage,
  healths: readonly CurrentHealth[],
  { words, wantsReferrals }: ArdSearch,
  publicUrl: string,
): Static<typeof ArdSearchResult> => ({
  results: items.map((agent, index) => ({
    ...catalogEntry(agent, publicUrl, healths[index]),
    score: scoreOf({ words: listedWordsOf(agent) }, words),
    source: ardBase(publicUrl),
  })),
  ...(wantsReferrals && { referrals: [] }),
  ...(nextCursor !== undefined && { pageToken: nextCursor }),
})
