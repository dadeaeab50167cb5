import type { Call } from '../../access/principal.ts'
import {
  ArdExploreBody,
  ArdExploreResult,
  ardExploreResult,
  parseArdExplore,
} from '../../registry/catalog/ard-explore.ts'
import { ArdList, ArdListQuery, ardList, parseArdList } from '../../registry/catalog/ard-list.ts'
import {
  ArdSearchBody,
  ArdSearchResult,
  ardSearchResult,
  parseArdSearch,
} from '../../registry/catalog/ard-search.ts'
import type { AgentPage, AgentQuery } from '../../registry/registry.ts'
import type { EdgeDeps } from '../app-deps.ts'
import { jsonResponse } from './json-response.ts'
import { defineRoute, json, NO_QUERY, type Route } from './route.ts'

const NOTHING: AgentPage = { items: [], total: 0, totalCapped: false }

/** What is found; nothing where nothing can be. */
const find = async (deps: EdgeDeps, call: Call, query: AgentQuery | undefined): Promise<AgentPage> =>
  query === undefined ? NOTHING : deps.registry.search(call, query)

/** The registry as Agentic Resource Discovery has it (ARD §7). Failures have its shape, too: `failureResponseAt`. */
export const ARD_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'POST',
    path: '/ard/search',
    scope: 'agents:read',
    summary: 'Find agents in plain words, best first (ARD)',
    query: NO_QUERY,
    body: ArdSearchBody,
    responses: { 200: json('Entries of agents, each with how well it fits', ArdSearchResult) },
    async handle({ deps, call, body }) {
      const publicUrl = deps.addresses().http
      const search = parseArdSearch(body.text, publicUrl)
      const page = await find(deps, call, search.query)
      const healths = await deps.registry.healthOf(page.items)
      return jsonResponse(JSON.stringify(ardSearchResult(page, healths, search, publicUrl)), call.requestId)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/ard/agents',
    scope: 'agents:read',
    summary: 'List agents (ARD)',
    query: ArdListQuery,
    responses: { 200: json('Entries of agents', ArdList) },
    async handle({ deps, call, query }) {
      const publicUrl = deps.addresses().http
      const page = await find(deps, call, parseArdList(query, publicUrl))
      const healths = await deps.registry.healthOf(page.items)
      return jsonResponse(JSON.stringify(ardList(page, healths, publicUrl)), call.requestId)
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/ard/explore',
    scope: 'agents:read',
    summary: 'Count what the entries of agents have in common (ARD)',
    query: NO_QUERY,
    body: ArdExploreBody,
    responses: { 200: json('How many agents have each value', ArdExploreResult) },
    async handle({ deps, call, body }) {
      const publicUrl = deps.addresses().http
      const explore = parseArdExplore(body.text, publicUrl)
      const page = await find(deps, call, explore.query)
      return jsonResponse(JSON.stringify(ardExploreResult(page, explore, publicUrl)), call.requestId)
    },
  }),
]
