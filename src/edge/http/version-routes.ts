import Type from 'typebox'
import { AgentCard } from '../../a2a/agent-card.ts'
import { ParleyError } from '../../errors.ts'
import type { CardVersionInfo } from '../../registry/card-version.ts'
import { verdictOf } from '../../registry/compare-cards.ts'
import { jsonResponse } from './json-response.ts'
import { listResponse, listSchema } from './list-response.ts'
import { defineRoute, json, NO_QUERY, type Route } from './route.ts'
import { CardChangesView, VerdictView } from './verdict-view.ts'

const VersionView = Type.Object({
  number: Type.Integer({ minimum: 1 }),
  at: Type.String({ format: 'date-time' }),
  by: Type.String({ description: 'Who registered it' }),
  bytes: Type.Integer({ description: 'Size of the card' }),
  cardUrl: Type.Optional(Type.String({ format: 'uri' })),
  verdict: Type.Optional(VerdictView),
})

const versionView = ({ number, at, by, bytes, cardUrl, verdict }: CardVersionInfo) => ({
  number,
  at: new Date(at).toISOString(),
  by,
  bytes,
  ...(cardUrl === undefined ? {} : { cardUrl }),
  ...(verdict === undefined ? {} : { verdict }),
})

const ChangesView = Type.Object({
  since: Type.Integer(),
  number: Type.Integer(),
  verdict: VerdictView,
  changes: CardChangesView,
})

const ChangesQuery = Type.Object({
  since: Type.Optional(
    Type.Integer({ minimum: 1, description: 'The version to compare with; the one before when absent.' }),
  ),
})

export const VERSION_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/agents/{id}/versions',
    scope: 'agents:write',
    summary: 'The cards that the agent has had, the newest first',
    query: NO_QUERY,
    responses: {
      200: json('Versions', listSchema(VersionView)),
    },
    async handle({ deps, call, params }) {
      const versions = await deps.registry.listCardVersions(call, params.id ?? '')
      const items = versions.map((version) => JSON.stringify(versionView(version)))
      return listResponse({ items, total: items.length, totalCapped: false }, call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/agents/{id}/versions/{number}',
    scope: 'agents:write',
    summary: 'A card exactly as its publisher sent it',
    query: NO_QUERY,
    responses: { 200: json('The card', AgentCard) },
    async handle({ deps, call, params }) {
      const number = numberIn(params.number)
      const { originalCard } = await deps.registry.getCardVersion(call, params.id ?? '', number)
      return jsonResponse(originalCard, call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/agents/{id}/versions/{number}/changes',
    scope: 'agents:write',
    summary: 'What a card changed, and what that means to who relies on the agent',
    query: ChangesQuery,
    responses: {
      200: json('The changes', ChangesView),
    },
    async handle({ deps, call, params, query }) {
      const number = numberIn(params.number)
      const since = query.since ?? number - 1
      const changes = await deps.registry.compareCardVersions(call, params.id ?? '', since, number)
      return jsonResponse(
        JSON.stringify({ since, number, verdict: verdictOf(changes), changes }),
        call.requestId,
      )
    },
  }),
]

function numberIn(text = ''): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new ParleyError('invalid_params', 'The number of a version must be a whole number from 1', {
    violations: [{ pointer: '/number', code: 'integer', message: 'must be a whole number from 1' }],
  })
}
