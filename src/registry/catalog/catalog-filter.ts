import { invalidParams, pointerTo } from '../../a2a/wire.ts'
import type { Violation } from '../../errors.ts'
import type { AgentQuery } from '../registry.ts'
import { AGENT_TYPE, publisherOf } from './catalog-entry.ts'

/** Members of an entry that entries can be narrowed and counted by; of each, any of the values will do. */
export type CatalogFilter = Readonly<Record<string, readonly string[]>>

/** Every field that can be filtered and counted by. */
export const CATALOG_FIELDS = ['type', 'publisher', 'tags', 'capabilities'] as const
export type CatalogField = (typeof CATALOG_FIELDS)[number]

export const isCatalogField = (field: string): field is CatalogField =>
  CATALOG_FIELDS.some((known) => known === field)

/** The facet of searches that a field is, where entries differ in it. */
export const facetOf = (field: CatalogField): 'tag' | 'skill' | undefined => {
  if (field === 'tags') return 'tag'
  return field === 'capabilities' ? 'skill' : undefined
}

/** What every entry for an agent has in a field that does not differ between them. */
export const constantOf = (field: CatalogField, publicUrl: string): string | undefined => {
  if (field === 'type') return AGENT_TYPE
  return field === 'publisher' ? publisherOf(publicUrl) : undefined
}

/**
 * A filter as a search takes it, or `undefined` where it asks for what no agent here is. Only active agents are
 * in the catalog. Throws `invalid_params` naming every field that cannot be filtered by, below `pointer`.
 */
export function filtersOf(
  filter: CatalogFilter,
  publicUrl: string,
  pointer: string,
): NonNullable<AgentQuery['filters']> | undefined {
  const unknown = Object.keys(filter).filter((field) => !isCatalogField(field))
  if (unknown.length > 0) throw invalidParams(unknown.map((field) => unfiltered(field, pointer)))
  const isElsewhere = CATALOG_FIELDS.some((field) => {
    const constant = constantOf(field, publicUrl)
    return constant !== undefined && filter[field]?.includes(constant) === false
  })
  if (isElsewhere) return undefined
  const { tags, capabilities } = filter
  return { lifecycle: ['active'], ...(tags && { tag: tags }), ...(capabilities && { skill: capabilities }) }
}

const unfiltered = (field: string, pointer: string): Violation => ({
  pointer: pointer + pointerTo(field.slice(0, 64)),
  code: 'unknown',
  message: `cannot be filtered by: use ${CATALOG_FIELDS.join(', ')}`,
})
