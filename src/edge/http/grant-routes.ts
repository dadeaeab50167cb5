import { parseJson } from '../../a2a/wire.ts'
import { NewGrantBody, parseNewGrant } from '../../access/new-grant.ts'
import { parseQuestion, QuestionBody } from '../../access/question.ts'
import { ExplanationView, explanationView } from '../../registry/explanation-view.ts'
import { GrantView, grantView } from '../../registry/grant-view.ts'
import { emptyResponse, jsonResponse } from './json-response.ts'
import { listResponse, listSchema } from './list-response.ts'
import { defineRoute, json, NO_QUERY, type Route } from './route.ts'

export const GRANT_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/agents/{id}/grants',
    scope: 'agents:write',
    summary: 'Who may do more with an agent than its visibility says',
    query: NO_QUERY,
    responses: {
      200: json('Grants', listSchema(GrantView)),
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
    responses: { 200: json('Was there', GrantView), 201: json('Made', GrantView) },
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
    summary: 'Delete a grant',
    query: NO_QUERY,
    responses: { 204: { description: 'Deleted' } },
    async handle({ deps, call, params }) {
      await deps.registry.deleteGrant(call, params.id ?? '', params.grant ?? '')
      return emptyResponse(call.requestId)
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/grants/explain',
    scope: 'agents:write',
    summary: 'Why somebody can see or call an agent, or not, for those who may manage it',
    body: QuestionBody,
    query: NO_QUERY,
    responses: {
      200: json('Step by step', ExplanationView),
    },
    async handle({ deps, call, body }) {
      const found = await deps.registry.explain(call, parseQuestion(parseJson(body.text)))
      return jsonResponse(JSON.stringify(explanationView(found)), call.requestId)
    },
  }),
]
