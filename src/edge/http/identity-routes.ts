import Type from 'typebox'
import { SIGNING_USES } from '../../access/service-identity/signing-key-store.ts'
import type { PublicAddresses } from '../../registry/public-addresses.ts'
import { keySetUrl } from '../../registry/public-urls.ts'
import { fetchResponse } from './fetch-exchange.ts'
import { jsonReply, jsonResponse } from './json-response.ts'
import { defineRoute, json, NO_QUERY, type Route } from './route.ts'

/** Shorter than keys are published before they sign. */
const CACHE = { 'cache-control': 'public, max-age=300' }

const KEY_SET = 'application/jwk-set+json'

const KeysQuery = Type.Object({
  use: Type.Optional(
    Type.Enum([...SIGNING_USES], { description: 'Only the keys that sign this; all keys when absent' }),
  ),
})

/** OAuth 2.0 Authorization Server Metadata (RFC 8414 §2). */
const ServerMetadata = Type.Object({
  issuer: Type.String(),
  jwks_uri: Type.String(),
  response_types_supported: Type.Array(Type.String()),
  grant_types_supported: Type.Array(Type.String()),
})

/**
 * Whoever verifies our tokens is led to the keys of tokens alone, so that no other key of ours can ever stand for one. Nobody
 * gets a token from us but the agents that we call: there is no endpoint, and no way to be granted one.
 */
const metadataOf = ({ http }: PublicAddresses): string =>
  JSON.stringify({
    issuer: http,
    jwks_uri: `${keySetUrl(http)}?use=service`,
    response_types_supported: [],
    grant_types_supported: [],
  })

/** How others verify what Parley signs. */
export const IDENTITY_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/.well-known/jwks.json',
    scope: 'none',
    summary: 'The keys that verify what Parley signs: cards it publishes, and tokens that agents get from it',
    query: KeysQuery,
    responses: { 200: { description: 'A JWK set', contentType: KEY_SET } },
    async handle({ deps, call, query }) {
      const keys = await deps.publicKeys(query.use)
      return fetchResponse(jsonReply(keys, call.requestId, 200, { ...CACHE, 'content-type': KEY_SET }))
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/.well-known/oauth-authorization-server',
    scope: 'none',
    summary: 'Who issues the tokens that agents get from Parley (RFC 8414)',
    query: NO_QUERY,
    responses: {
      200: json('The metadata', ServerMetadata),
    },
    handle: async ({ deps, call }) => jsonResponse(metadataOf(deps.addresses()), call.requestId, 200, CACHE),
  }),
]
