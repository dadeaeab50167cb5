import Type from 'typebox'
import { parseJson } from '../../a2a/wire.ts'
import type { ApiKey } from '../../access/key-store.ts'
import { NewKeyBody, newKeyCheck } from '../../access/new-key.ts'
import { SCOPES } from '../../access/principal.ts'
import { emptyResponse, jsonResponse } from './json-response.ts'
import { listResponse, listSchema } from './list-response.ts'
import { defineRoute, NO_QUERY, type Route } from './route.ts'

const instant = Type.String({ format: 'date-time' })

/** A key without its secret. */
export const KeyView = Type.Object({
  id: Type.String(),
  tenant: Type.String(),
  subject: Type.String(),
  scopes: Type.Array(Type.Enum([...SCOPES])),
  label: Type.String(),
  createdAt: instant,
  expiresAt: Type.Optional(instant),
  revokedAt: Type.Optional(instant),
})

const CreatedKey = Type.Object({
  key: KeyView,
  secret: Type.String({ description: 'Shown once and stored nowhere.' }),
})

const keyView = (key: ApiKey) => ({
  id: key.id,
  tenant: key.tenant,
  subject: key.subject,
  scopes: key.scopes,
  label: key.label,
  createdAt: new Date(key.createdAt).toISOString(),
  ...(key.expiresAt !== undefined && { expiresAt: new Date(key.expiresAt).toISOString() }),
  ...(key.revokedAt !== undefined && { revokedAt: new Date(key.revokedAt).toISOString() }),
})

export const KEY_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'POST',
    path: '/keys',
    scope: 'admin',
    summary: 'Make an API key',
    body: NewKeyBody,
    query: NO_QUERY,
    responses: { 201: { description: 'Made', contentType: 'application/json', schema: CreatedKey } },
    async handle({ deps, call, body }) {
      const { key, secret } = await deps.access.createKey(call, newKeyCheck.parse(parseJson(body.text)))
      return jsonResponse(JSON.stringify({ key: keyView(key), secret }), call.requestId, 201, {
        location: `/keys/${key.id}`,
      })
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/keys',
    scope: 'admin',
    summary: "The tenant's API keys, without their secrets",
    query: NO_QUERY,
    responses: { 200: { description: 'Keys', contentType: 'application/json', schema: listSchema(KeyView) } },
    async handle({ deps, call }) {
      const keys = await deps.access.listKeys(call)
      const items = keys.map((key) => JSON.stringify(keyView(key)))
      return listResponse({ items, total: items.length, totalCapped: false }, call.requestId)
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/keys/{id}',
    scope: 'admin',
    summary: 'Revoke an API key',
    query: NO_QUERY,
    responses: { 204: { description: 'Revoked' } },
    async handle({ deps, call, params }) {
      await deps.access.revokeKey(call, params.id ?? '')
      return emptyResponse(call.requestId)
    },
  }),
]
