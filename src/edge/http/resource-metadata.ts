import Type from 'typebox'
import { SCOPES } from '../../access/principal.ts'
import type { PublicAddresses } from '../../registry/public-addresses.ts'
import { METADATA_PATH } from '../challenge.ts'
import { jsonResponse } from './json-response.ts'
import { defineRoute, NO_QUERY, type Route } from './route.ts'

/** OAuth 2.0 Protected Resource Metadata (RFC 9728 §2). */
const ResourceMetadata = Type.Object({
  resource: Type.String(),
  authorization_servers: Type.Optional(Type.Array(Type.String())),
  scopes_supported: Type.Array(Type.String()),
  bearer_methods_supported: Type.Array(Type.String()),
  resource_name: Type.String(),
})

const CACHE = { 'cache-control': 'public, max-age=300' }

function metadataOf({ http, issuers = [] }: PublicAddresses, path: string): string {
  const allowed = new Set(issuers.flatMap(({ scopes }) => scopes))
  return JSON.stringify({
    resource: `${http}${path}`,
    ...(issuers.length > 0 && { authorization_servers: issuers.map(({ issuer }) => issuer) }),
    scopes_supported: SCOPES.filter((scope) => issuers.length === 0 || allowed.has(scope)),
    bearer_methods_supported: ['header'],
    resource_name: 'Parley',
  })
}

const metadataRoute = (below: string, summary: string): Route =>
  defineRoute({
    method: 'GET',
    path: METADATA_PATH + below,
    scope: 'none',
    summary,
    query: NO_QUERY,
    responses: {
      200: { description: 'The metadata', contentType: 'application/json', schema: ResourceMetadata },
    },
    async handle({ deps, call, params }) {
      const path = params.agent === undefined ? '' : `/a2a/${encodeURIComponent(params.agent)}`
      return jsonResponse(metadataOf(deps.addresses(), path), call.requestId, 200, CACHE)
    },
  })

/** Says where tokens come from, alike for every name of an agent: it asks nobody whether there is one. */
export const RESOURCE_METADATA_ROUTES: readonly Route[] = [
  metadataRoute('', 'Whose tokens are taken (RFC 9728)'),
  metadataRoute('/a2a/{agent}', "Whose tokens are taken at an agent's address, whether or not there is one"),
]
