import Type from 'typebox'
import { AgentCard } from '../../a2a/agent-card.ts'
import { withMembers } from '../../a2a/json-text.ts'
import { verdictOf } from '../../registry/compare-cards.ts'
import { parseRejection, RejectionBody } from '../../registry/drift/proposal-rejection.ts'
import { AgentView } from '../../registry/views.ts'
import { agentResponse } from './agent-response.ts'
import { agentTag, ifMatch } from './agent-tag.ts'
import { emptyResponse, jsonResponse } from './json-response.ts'
import { defineRoute, json, NO_QUERY, type Route } from './route.ts'
import { CardChangesView, VerdictView } from './verdict-view.ts'

const ProposalView = Type.Object({
  at: Type.String({ format: 'date-time', description: 'When it was found' }),
  cardUrl: Type.String({ format: 'uri' }),
  verdict: VerdictView,
  changes: CardChangesView,
  card: AgentCard,
})

export const PROPOSAL_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/agents/{id}/proposal',
    scope: 'agents:write',
    summary: "The card at an agent's URL that waits to become its card, as its publisher serves it",
    query: NO_QUERY,
    responses: {
      200: json('The card and what it would change', ProposalView),
      204: { description: 'No card waits' },
    },
    async handle({ deps, call, params }) {
      const found = await deps.registry.findProposal(call, params.id ?? '')
      if (found === undefined) return emptyResponse(call.requestId)
      const { agent, proposal, changes } = found
      const { at, cardUrl, originalCard } = proposal
      const facts = { at: new Date(at).toISOString(), cardUrl, verdict: verdictOf(changes), changes }
      const text = withMembers(JSON.stringify(facts), { card: originalCard })
      return jsonResponse(text, call.requestId, 200, { etag: agentTag(agent) })
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/agents/{id}/proposal/accept',
    scope: 'agents:write',
    summary:
      'Make the card that waits the card of the agent. With If-Match, only while it is as the ETag says',
    query: NO_QUERY,
    responses: { 200: json('The agent', AgentView) },
    async handle({ deps, call, params, exchange }) {
      const agent = await deps.registry.acceptProposal(call, params.id ?? '', ifMatch(exchange))
      return agentResponse(deps, call, agent)
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/agents/{id}/proposal/reject',
    scope: 'agents:write',
    summary: 'Keep the card of the agent: the one that waits does not wait again. With If-Match, as above',
    body: RejectionBody,
    isBodyOptional: true,
    query: NO_QUERY,
    responses: { 200: json('The agent', AgentView) },
    async handle({ deps, call, params, exchange, body }) {
      const rejection = parseRejection(body.text)
      const agent = await deps.registry.rejectProposal(call, params.id ?? '', rejection, ifMatch(exchange))
      return agentResponse(deps, call, agent)
    },
  }),
]
