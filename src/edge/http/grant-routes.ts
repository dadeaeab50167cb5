import Type from 'typebox'
import { OPERATIONS } from '../../a2a/operation.ts'
import { parseJson } from '../../a2a/wire.ts'
import { type Grant, RIGHTS } from '../../access/grant.ts'
import { GranteeBody, NewGrantBody, parseNewGrant } from '../../access/new-grant.ts'
import { emptyResponse, jsonResponse } from './json-response.ts'
import { listResponse, listSchema } from './list-response.ts'
import { defineRoute, NO_QUERY, type Route } from './route.ts'

export const GrantView = Type.Object({
  id: Type.String(),
  to: GranteeBody,
  right: Type.Enum([...RIGHTS]),
  operations: Type.Optional(Type.Array(Type.Enum([...OPERATIONS]))),
  createdAt: Type.String({ format: 'date-time' }),
  createdBy: Type.String({ description: 'Subject of who made it' }),
})

const grantView = ({ createdAt, ...grant }: Grant) => ({
  ...grant,
  createdAt: new Date(createdAt).toISOString(),
})

const json = (description: string) => ({ description, contentType: 'application/json', schema: GrantView })

export const GRANT_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/agents/{id}/grants',
    scope: 'agents:write',
    summary: 'Who may do more with an agent than its visibility says',
    query: NO_QUERY,
    responses: {
      200: { description: 'Grants', contentType: 'application/json', schema: listSchema(GrantView) },
    },
    async handle({ deps, call, params }) {
      const grants = await deps.registry.listGrants(call, params.id ?? '')
      const items = grants.map((grant) => JSON.stringify(grantView(grant)))
      return listResponse({ items, total: items.length, totalCapped: false }, call.requestId)
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/agents/{id}/grants',
    scope: 'agents:write',
    summary: 'Grant a right to an agent; the same grant again is the one that is there',
    body: NewGrantBody,
    query: NO_QUERY,
    responses: { 200: json('Was there'), 201: json('Made') },
    async handle({ deps, call, params, body }) {
      const wanted = parseNewGrant(parseJson(body.text))
      const { grant, created } = await deps.registry.createGrant(call, params.id ?? '', wanted)
      return jsonResponse(JSON.stringify(grantView(grant)), call.requestId, created ? 201 : 200)
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/agents/{id}/grants/{grant}',
    scope: 'agents:write',
    summary: 'Take a grant back',
    query: NO_QUERY,
    responses: { 204: { description: 'Taken back' } },
    async handle({ deps, call, params }) {
      await deps.registry.deleteGrant(call, params.id ?? '', params.grant ?? '')
      return emptyResponse(call.requestId)
    },
  }),
]
