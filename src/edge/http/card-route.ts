import { createHash } from 'node:crypto'
import { AgentCard } from '../../a2a/agent-card.ts'
import { defineRoute, NO_QUERY } from './route.ts'
import { API_HEADERS } from './security-headers.ts'

/** How long a card may be used without asking again. */
const CARD_MAX_AGE_S = 60

/** The card we publish in an agent's place (A2A 1.0 §8.2, §8.6). */
export const CARD_ROUTE = defineRoute({
  method: 'GET',
  path: '/a2a/{agent}/.well-known/agent-card.json',
  scope: 'agents:read',
  summary: "The agent's card, with the gateway's addresses",
  query: NO_QUERY,
  responses: {
    200: { description: 'The card', contentType: 'application/json', schema: AgentCard },
    304: { description: 'The card with the given ETag is the present one' },
  },
  async handle({ deps, call, request, params }) {
    const agent = await deps.registry.get(call, params.agent ?? '', 'discover')
    const card = deps.registry.publishedCard(agent)
    const etag = `"${createHash('sha256').update(card).digest('base64url').slice(0, 27)}"`
    const headers = {
      ...API_HEADERS,
      'cache-control': `${agent.visibility === 'public' ? 'public' : 'private'}, max-age=${CARD_MAX_AGE_S}`,
      'content-type': 'application/json',
      etag,
      'last-modified': new Date(agent.updatedAt).toUTCString(),
      vary: 'Authorization, X-API-Key',
      'x-request-id': call.requestId,
    }
    return matches(request.headers.get('if-none-match'), etag)
      ? new Response(null, { status: 304, headers })
      : new Response(card, { headers })
  },
})

/** Weak comparison against a list of entity tags, or `*` (RFC 9110 §13.1.2). */
function matches(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false
  return ifNoneMatch.split(',').some((tag) => {
    const candidate = tag.trim()
    return candidate === '*' || candidate.replace(/^W\//, '') === etag
  })
}
