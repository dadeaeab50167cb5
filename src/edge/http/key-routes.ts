import Type from 'typebox'
import { invalidParams } from '../../a2a/wire.ts'
import type { MadeKey, NewKey } from '../../access/access.ts'
import { NewKeyBody, parseNewKey, parseRotation, RotationBody } from '../../access/new-key.ts'
import type { Call } from '../../access/principal.ts'
import { ParleyError, type Violation } from '../../errors.ts'
import type { EdgeDeps } from '../app-deps.ts'
import { emptyResponse, jsonResponse } from './json-response.ts'
import { KeyView, keyView } from './key-view.ts'
import { listResponse, listSchema, PAGE_QUERY, pageOf } from './list-response.ts'
import { defineRoute, json, NO_QUERY, type Route } from './route.ts'

const MadeKeyView = Type.Object({
  key: KeyView,
  secret: Type.String({ description: 'Shown once and stored nowhere.' }),
})

const made = { 201: json('Made', MadeKeyView) }

const madeResponse = ({ key, secret }: MadeKey, { requestId }: Call): Response =>
  jsonResponse(JSON.stringify({ key: keyView(key), secret }), requestId, 201, {
    location: `/keys/${key.id}`,
  })

export const KEY_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'POST',
    path: '/keys',
    scope: 'admin',
    summary: 'Make an API key that can do no more than its maker',
    body: NewKeyBody,
    query: NO_QUERY,
    responses: made,
    async handle({ deps, call, body }) {
      const wanted = await withAgentIds(deps, call, parseNewKey(body.text))
      return madeResponse(await deps.access.createKey(call, wanted), call)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/keys',
    scope: 'admin',
    summary: "The tenant's API keys, without their secrets, oldest first",
    query: Type.Object(PAGE_QUERY),
    responses: { 200: json('Keys', listSchema(KeyView)) },
    async handle({ deps, call, query }) {
      const page = await deps.access.listKeys(call, pageOf(query))
      const items = page.items.map((key) => JSON.stringify(keyView(key)))
      return listResponse({ ...page, items }, call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/keys/{id}',
    scope: 'admin',
    summary: 'One API key, without its secret',
    query: NO_QUERY,
    responses: { 200: json('The key', KeyView) },
    async handle({ deps, call, params }) {
      const key = await deps.access.getKey(call, params.id ?? '')
      return jsonResponse(JSON.stringify(keyView(key)), call.requestId)
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/keys/{id}/rotate',
    scope: 'admin',
    summary: "Make a key in another's place, which ends after an overlap",
    body: RotationBody,
    isBodyOptional: true,
    query: NO_QUERY,
    responses: made,
    async handle({ deps, call, params, body }) {
      return madeResponse(await deps.access.rotateKey(call, params.id ?? '', parseRotation(body.text)), call)
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

/** A key is limited to agents that are there and that its maker sees; later ones with the same slug are others. */
async function withAgentIds({ registry }: EdgeDeps, call: Call, wanted: NewKey): Promise<NewKey> {
  if (wanted.agents === undefined) return wanted
  const ids = new Set<string>()
  const unknown: Violation[] = []
  for (const [index, ref] of wanted.agents.entries()) {
    try {
      ids.add((await registry.get(call, ref, 'discover')).id)
    } catch (reason) {
      if (ParleyError.from(reason).code !== 'agent_not_found') throw reason
      unknown.push({ pointer: `/agents/${index}`, code: 'unknown', message: 'is no agent that you can see' })
    }
  }
  if (unknown.length > 0) throw invalidParams(unknown)
  return { ...wanted, agents: [...ids] }
}
