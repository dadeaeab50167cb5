import Type, { type Static } from 'typebox'
import { check, invalidParams, parseJson } from '../../a2a/wire.ts'
import type { AgentPage, AgentQuery } from '../registry.ts'
import type { FacetCount } from '../search/facets.ts'
import { ArdQuery, matchedBy } from './ard-search.ts'
import { CATALOG_FIELDS, type CatalogField, constantOf, facetOf, isCatalogField } from './catalog-filter.ts'

const FacetRequest = Type.Object(
  {
    field: Type.String({ minLength: 1, maxLength: 256, description: CATALOG_FIELDS.join(', ') }),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 20 })),
    minCount: Type.Optional(Type.Integer({ minimum: 1, default: 1 })),
  },
  { additionalProperties: false },
)

/** Body of `POST /explore` (ARD §7.3). */
export const ArdExploreBody = Type.Object(
  {
    query: Type.Optional(ArdQuery),
    resultType: Type.Object(
      { facets: Type.Array(FacetRequest, { minItems: 1, maxItems: 20 }) },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)

/** Answer to it. */
export const ArdExploreResult = Type.Object({
  resultType: Type.Literal('facets'),
  facets: Type.Record(
    Type.String(),
    Type.Object({
      buckets: Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() })),
      otherCount: Type.Optional(Type.Integer({ description: 'Of the values beyond the limit, added up' })),
    }),
  ),
})

const bodyCheck = check(ArdExploreBody)
const DEFAULT_BUCKETS = 20

type WantedFacet = { readonly field: CatalogField; readonly limit: number; readonly minCount: number }

export type ArdExplore = {
  /** What to search for; absent where nothing can be found. */
  readonly query?: AgentQuery
  readonly wanted: readonly WantedFacet[]
}

/** Reads the body of a count. Throws `parse_error` or `invalid_params`. */
export function parseArdExplore(text: string, publicUrl: string): ArdExplore {
  const { query = {}, resultType } = bodyCheck.parse(parseJson(text))
  const wanted = resultType.facets.map(({ field, limit = DEFAULT_BUCKETS, minCount = 1 }, index) => {
    if (isCatalogField(field)) return { field, limit, minCount }
    const pointer = `/resultType/facets/${index}/field`
    const message = `must be one of ${CATALOG_FIELDS.join(', ')}`
    throw invalidParams([{ pointer, code: 'enum', message }])
  })
  const found = matchedBy(query, publicUrl)
  if (found === undefined) return { wanted }
  const facets = wanted.flatMap(({ field }) => facetOf(field) ?? [])
  return {
    query: { ...found, facets: [...new Set(facets)], facetValues: Number.POSITIVE_INFINITY, limit: 1 },
    wanted,
  }
}

export const ardExploreResult = (
  page: AgentPage,
  { wanted }: ArdExplore,
  publicUrl: string,
): Static<typeof ArdExploreResult> => ({
  resultType: 'facets',
  facets: Object.fromEntries(
    wanted.map((facet) => [facet.field, bucketsOf(countsOf(page, facet.field, publicUrl), facet)]),
  ),
})

function countsOf(
  { total, facets = {} }: AgentPage,
  field: CatalogField,
  publicUrl: string,
): readonly FacetCount[] {
  const facet = facetOf(field)
  if (facet !== undefined) return facets[facet] ?? []
  const value = constantOf(field, publicUrl)
  return value === undefined || total === 0 ? [] : [{ value, count: total }]
}

function bucketsOf(counts: readonly FacetCount[], { limit, minCount }: WantedFacet) {
  const enough = counts.filter(({ count }) => count >= minCount)
  const otherCount = enough.slice(limit).reduce((sum, { count }) => sum + count, 0)
  return { buckets: enough.slice(0, limit), ...(otherCount > 0 && { otherCount }) }
}
