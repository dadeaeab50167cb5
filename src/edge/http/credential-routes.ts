import Type from 'typebox'
import { CredentialBody } from '../../access/credentials/read-secret.ts'
import type { CredentialStatus } from '../../registry/agent-credentials.ts'
import { ifMatch } from './agent-tag.ts'
import { emptyResponse, jsonResponse } from './json-response.ts'
import { defineRoute, json, NO_QUERY, type Route } from './route.ts'

/** A credential without its secret, which no answer ever holds. */
export const CredentialView = Type.Object({
  scheme: Type.String({ description: "The security scheme's name in the agent's card" }),
  kind: Type.Enum(['apiKey', 'http', 'oauth2', 'openIdConnect', 'mutualTls']),
  origins: Type.Array(Type.String(), {
    description: 'Where it may be sent: where the agent was when it was stored',
  }),
  tokenEndpoint: Type.Optional(Type.String({ description: 'Where access tokens are had for it' })),
  storedAt: Type.String({ format: 'date-time' }),
  storedBy: Type.String({ description: 'Subject of who stored it' }),
  problem: Type.Optional(
    Type.String({
      description: 'Why calls do not carry it; storing it again binds it to the card as it is now',
    }),
  ),
})

export const CredentialsView = Type.Object({
  demands: Type.Array(Type.Object({ schemes: Type.Array(Type.String()), satisfied: Type.Boolean() }), {
    description: 'What the card demands: any one of these, with all its schemes',
  }),
  satisfied: Type.Boolean({
    description: 'Whether calls carry what the card demands, if it demands anything',
  }),
  credentials: Type.Array(CredentialView),
})

const credentialView = (credential: CredentialStatus) => ({
  scheme: credential.scheme,
  kind: credential.declared.kind,
  origins: credential.origins,
  ...(credential.tokenEndpoint !== undefined && { tokenEndpoint: credential.tokenEndpoint }),
  storedAt: new Date(credential.storedAt).toISOString(),
  storedBy: credential.storedBy,
  ...(credential.problem !== undefined && { problem: credential.problem }),
})

export const CREDENTIAL_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/agents/{id}/credentials',
    scope: 'agents:write',
    summary: 'What an agent demands of Parley, and what is stored for that, without secrets',
    query: NO_QUERY,
    responses: {
      200: json('Credentials', CredentialsView),
    },
    async handle({ deps, call, params }) {
      const overview = await deps.registry.listCredentials(call, params.id ?? '')
      const credentials = overview.credentials.map(credentialView)
      return jsonResponse(JSON.stringify({ ...overview, credentials }), call.requestId)
    },
  }),
  defineRoute({
    method: 'PUT',
    path: '/agents/{id}/credentials/{scheme}',
    scope: 'agents:write',
    summary:
      "Store what Parley shows an agent for one security scheme of the agent's card; nobody can read it again. With If-Match, only for the agent as the ETag says",
    body: CredentialBody,
    query: NO_QUERY,
    responses: { 200: json('Replaced', CredentialView), 201: json('Stored', CredentialView) },
    async handle({ deps, call, params, exchange, body }) {
      const { id = '', scheme = '' } = params
      const condition = ifMatch(exchange)
      const { credential, created } = await deps.registry.storeCredential(
        call,
        id,
        scheme,
        body.text,
        condition,
      )
      return jsonResponse(JSON.stringify(credentialView(credential)), call.requestId, created ? 201 : 200)
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/agents/{id}/credentials/{scheme}',
    scope: 'agents:write',
    summary: 'Delete what is stored for one security scheme of an agent',
    query: NO_QUERY,
    responses: { 204: { description: 'Deleted' } },
    async handle({ deps, call, params }) {
      await deps.registry.deleteCredential(call, params.id ?? '', params.scheme ?? '')
      return emptyResponse(call.requestId)
    },
  }),
]
