import Type from 'typebox'
import { isAnonymous } from '../../access/principal.ts'
import { CatalogManifest, catalogManifest } from '../../registry/catalog/catalog-manifest.ts'
import { CARD_MAX_AGE_S } from './card-headers.ts'
import { jsonResponse } from './json-response.ts'
import { PAGE_QUERY } from './list-response.ts'
import { defineRoute, json, type Route } from './route.ts'

const CatalogQuery = Type.Object({ cursor: PAGE_QUERY.cursor })

/** Agents of one catalog: a further one has the next. */
const AGENTS_PER_CATALOG = 100

const catalogRoute = (path: string, summary: string): Route =>
  defineRoute({
    method: 'GET',
    path,
    scope: 'agents:read',
    summary,
    query: CatalogQuery,
    responses: {
      200: json('The catalog', CatalogManifest),
    },
    async handle({ deps, call, query: { cursor } }) {
      const page = await deps.registry.search(call, {
        filters: { lifecycle: ['active'] },
        limit: AGENTS_PER_CATALOG,
        ...(cursor !== undefined && { cursor }),
      })
      const manifest = catalogManifest(page, deps.addresses().http, cursor === undefined)
      return jsonResponse(JSON.stringify(manifest), call.requestId, 200, {
        'cache-control': `${isAnonymous(call.principal) ? 'public' : 'private'}, max-age=${CARD_MAX_AGE_S}`,
        vary: 'Authorization, X-API-Key',
      })
    },
  })

/** What crawlers read: the agents that the caller may discover, in the format of AI Catalog, which ARD's is too. */
export const CATALOG_ROUTES: readonly Route[] = [
  catalogRoute('/.well-known/ai-catalog.json', 'The agents one may see, as an AI Catalog'),
  catalogRoute('/.well-known/ard.json', 'The same, where ARD looks for it'),
]
