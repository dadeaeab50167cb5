import Type from 'typebox'
import { AgentCard } from '../../a2a/agent-card.ts'
import type { Version } from '../../a2a/version.ts'
import { type CardProfile, isPublic, profileOf } from '../../registry/agent.ts'
import { DIRECTORY } from '../../registry/directory/directory-agent.ts'
import { declaredVersion } from '../service-parameters.ts'
import { CARD_MAX_AGE_S } from './card-headers.ts'
import { isUnchanged } from './conditional.ts'
import { defineRoute, type Route, type RouteInput } from './route.ts'
import { API_HEADERS } from './security-headers.ts'

const VersionQuery = Type.Object({
  'A2A-Version': Type.Optional(
    Type.String({ description: 'The version to have the card in, as the header of that name.' }),
  ),
})

const responses = {
  200: { description: 'The card', contentType: 'application/json', schema: AgentCard },
  304: { description: 'The card that the client has is the present one' },
}

const WELL_KNOWN = '/.well-known/agent-card.json'
/** Where clients of A2A before 0.3 look. */
const LEGACY_WELL_KNOWN = '/.well-known/agent.json'
const LEGACY_SUMMARY = 'The same in the form of A2A 0.3, for older clients'

/**
 * The card we publish in an agent's place (A2A 1.0 §8.2, §8.6); of the agent that the installation puts forward, where
 * `path` names none. `unasked` is the form for clients that ask for no version; the agent's own choice when absent.
 */
const cardRoute = (path: string, summary: string, unasked?: CardProfile): Route =>
  defineRoute({
    method: 'GET',
    path,
    scope: 'agents:read',
    summary,
    query: VersionQuery,
    responses,
    handle: (input) => answerCard(input, unasked),
  })

export const CARD_ROUTES: readonly Route[] = [
  cardRoute(`/a2a/{agent}${WELL_KNOWN}`, "The agent's card, with the gateway's addresses"),
  cardRoute(`/a2a/{agent}${LEGACY_WELL_KNOWN}`, LEGACY_SUMMARY, 'v0.3'),
  cardRoute(WELL_KNOWN, 'The card of the agent that PARLEY_ROOT_AGENT names, or of the directory'),
  cardRoute(LEGACY_WELL_KNOWN, LEGACY_SUMMARY, 'v0.3'),
]

const FORMS: Readonly<Record<Version, CardProfile>> = { '1.0': 'v1', '0.3': 'v0.3' }

async function answerCard(
  { deps, call, exchange, params }: RouteInput<unknown, unknown>,
  unasked: CardProfile | undefined,
): Promise<Response> {
  const version = declaredVersion(exchange, false)
  const ref = params.agent ?? deps.settings.rootAgent ?? DIRECTORY
  const agent = await deps.registry.get(call, ref, 'discover')
  const asked = version === undefined ? unasked : FORMS[version]
  const card = await deps.registry.publishedCard(agent, asked ?? profileOf(agent))
  const headers = {
    ...API_HEADERS,
    'cache-control': `${isPublic(agent) ? 'public' : 'private'}, max-age=${CARD_MAX_AGE_S}`,
    'content-type': 'application/json',
    // Weak: two processes sign one card in different bytes.
    etag: `W/"${card.digest}"`,
    'last-modified': new Date(card.modifiedAt).toUTCString(),
    vary: 'A2A-Version, Authorization, X-API-Key',
    'x-request-id': call.requestId,
  }
  return isUnchanged(exchange, headers)
    ? new Response(null, { status: 304, headers })
    : new Response(card.text, { headers })
}
