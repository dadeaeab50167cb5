import Type, { type Static } from 'typebox'
import { ardBase, catalogUrl, docsUrl } from '../public-urls.ts'
import type { AgentPage } from '../registry.ts'
import { CatalogEntry, catalogEntry, catalogIdentifier, publisherOf } from './catalog-entry.ts'

/** What a host publishes of itself: an AI Catalog (1.0), which is an ARD manifest, too. */
export const CatalogManifest = Type.Object({
  specVersion: Type.Literal('1.0'),
  host: Type.Object({
    displayName: Type.String(),
    identifier: Type.String(),
    documentationUrl: Type.String({ format: 'uri' }),
  }),
  entries: Type.Array(CatalogEntry),
})
export type CatalogManifest = Static<typeof CatalogManifest>

/**
 * A page of agents as a catalog. The first says where the registry is, and a page that is not the last ends with an entry
 * for a further catalog: catalogs nest, but have no pages of their own.
 */
export function catalogManifest(page: AgentPage, publicUrl: string, isFirst: boolean): CatalogManifest {
  return {
    specVersion: '1.0',
    host: {
      displayName: 'Parley',
      identifier: publisherOf(publicUrl),
      documentationUrl: docsUrl(publicUrl),
    },
    entries: [
      ...(isFirst ? [registryEntry(publicUrl)] : []),
      ...page.items.map((agent) => catalogEntry(agent, publicUrl)),
      ...(page.nextCursor === undefined ? [] : [furtherEntry(page, page.nextCursor, publicUrl)]),
    ],
  }
}

const registryEntry = (publicUrl: string): CatalogEntry => ({
  identifier: catalogIdentifier(publicUrl, 'registry', 'agents'),
  displayName: 'Agents of this gateway',
  type: 'application/ai-registry+json',
  url: ardBase(publicUrl),
  description: 'Search, list and count the agents that this gateway serves.',
})

const furtherEntry = ({ items }: AgentPage, cursor: string, publicUrl: string): CatalogEntry => ({
  identifier: catalogIdentifier(publicUrl, 'catalog', `after-${items.at(-1)?.id ?? 'none'}`),
  displayName: 'Further agents of this gateway',
  type: 'application/ai-catalog+json',
  url: `${catalogUrl(publicUrl)}?cursor=${encodeURIComponent(cursor)}`,
})
