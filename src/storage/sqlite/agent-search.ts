import type { AgentFilter, ListingOrder, ListingPage, ListingPosition } from '../../registry/agent-store.ts'
import { HEALTH_ORDER } from '../../registry/health/listed-health.ts'
import type { AgentListing } from '../../registry/search/listing.ts'
import { tenantWord, termWord } from './agent-index.ts'
import type { Param } from './connection.ts'

export type SearchQuery = { readonly sql: string; readonly params: readonly Param[] }

const HEALTH_RANK = `CASE beats.state ${HEALTH_ORDER.map((state, rank) => `WHEN '${state}' THEN ${rank}`).join(' ')} END`
/** Longer than any that is known where none is. */
const LATENCY = `coalesce(beats.latency_ms, ${Number.MAX_VALUE})`

const ORDERS: Readonly<Record<ListingOrder, string>> = {
  id: 'listed.id',
  name: 'listed.name_key, listed.id',
  updated: 'listed.updated_at DESC, listed.id DESC',
  health: `${HEALTH_RANK}, listed.id`,
  latency: `${LATENCY}, listed.id`,
}

/** Terms and words are looked for in the full-text index first, all at once; what else is asked for, row by row. */
export function searchQuery(
  filter: AgentFilter,
  { limit, order = 'id', after, withTerms = false }: ListingPage,
): SearchQuery {
  const { tenant, ids, names, updatedSince } = filter
  const params: Param[] = []
  const param = (value: Param) => `?${params.push(value)}`
  const match = matchOf(filter)
  const source =
    match === undefined
      ? 'agent_listings listed'
      : 'agent_text CROSS JOIN agent_listings listed ON listed.n = agent_text.rowid'
  const conditions = [
    ...(match === undefined ? [] : [`agent_text MATCH ${param(match)}`]),
    `listed.tenant = ${param(tenant)}`,
    ...(updatedSince === undefined ? [] : [`listed.updated_at >= ${param(updatedSince)}`]),
    ...(ids === undefined
      ? []
      : [`listed.id IN (SELECT value FROM json_each(${param(JSON.stringify(ids))}))`]),
    ...(names === undefined
      ? []
      : [`(${names.map((name) => `instr(listed.names, ${param(name)}) > 0`).join(' OR ') || 'FALSE'})`]),
    ...(after === undefined ? [] : [afterPosition(order, after, param)]),
  ]
  const sql = `
    SELECT '[' || coalesce(group_concat('[' ||
      json_array(id, owner, visibility, lifecycle, updated_at, nullif(beat_at, 0), ttl, declared_at, name_key,
        state, since, latency_ms, verified_at) || ',' ||
      words || ',' || coalesce(grants, 'null') || ',' || coalesce(terms, 'null') || ']'), '') || ']' AS listings FROM (
      SELECT listed.id, owner, visibility, grants, lifecycle, updated_at, beats.at AS beat_at, ttl, declared_at, name_key,
        listed.words, beats.state, beats.since, beats.latency_ms, beats.verified_at,
        ${withTerms ? 'listed.terms' : 'NULL'} AS terms
      FROM ${source} JOIN agent_beats beats ON beats.agent_id = listed.id
      WHERE ${conditions.join(' AND ')} ORDER BY ${ORDERS[order]} LIMIT ${param(limit)}
    )`
  return { sql, params }
}

/** What is stored as JSON text goes on as it is. */
type ListingRow = readonly [
  columns: readonly [
    id: AgentListing['id'],
    owner: string,
    visibility: AgentListing['visibility'],
    lifecycle: AgentListing['lifecycle'],
    updatedAt: number,
    lastHeartbeatAt: number | null,
    heartbeatTtlMs: number,
    heartbeatsDeclaredAt: number | null,
    nameKey: string,
    health: AgentListing['health'],
    healthSince: number | null,
    latencyMs: number | null,
    verifiedAt: number | null,
  ],
  words: AgentListing['words'],
  grants: AgentListing['grants'] | null,
  terms: AgentListing['terms'] | null,
]

/** What a search found. All of it comes as one text, which costs far less than a row for each. */
export function listingsIn(text: string, tenant: string): readonly AgentListing[] {
  const rows: readonly ListingRow[] = JSON.parse(text)
  return rows.map(([columns, words, grants, terms]) => {
    const [id, owner, visibility, lifecycle, updatedAt, ...others] = columns
    const [lastHeartbeatAt, heartbeatTtlMs, heartbeatsDeclaredAt, nameKey, ...states] = others
    const [health, healthSince, latencyMs, verifiedAt] = states
    return {
      id,
      tenant,
      owner,
      visibility,
      ...(grants === null || grants === undefined ? {} : { grants }),
      lifecycle,
      updatedAt,
      ...(lastHeartbeatAt === null ? {} : { lastHeartbeatAt }),
      heartbeatTtlMs,
      ...(heartbeatsDeclaredAt === null ? {} : { heartbeatsDeclaredAt }),
      health,
      ...(healthSince === null ? {} : { healthSince }),
      ...(latencyMs === null ? {} : { latencyMs }),
      ...(verifiedAt === null ? {} : { verifiedAt }),
      nameKey,
      words,
      ...(terms === null || terms === undefined ? {} : { terms }),
    }
  })
}

function afterPosition(
  order: ListingOrder,
  { id, nameKey, updatedAt, health, latencyMs = Number.MAX_VALUE }: ListingPosition,
  param: (value: Param) => string,
): string {
  if (order === 'id') return `listed.id > ${param(id)}`
  if (order === 'name') return `(listed.name_key, listed.id) > (${param(nameKey)}, ${param(id)})`
  if (order === 'health') {
    return `(${HEALTH_RANK}, listed.id) > (${param(HEALTH_ORDER.indexOf(health))}, ${param(id)})`
  }
  if (order === 'latency') return `(${LATENCY}, listed.id) > (${param(latencyMs)}, ${param(id)})`
  return `(listed.updated_at, listed.id) < (${param(updatedAt)}, ${param(id)})`
}

/** The full-text query of a filter; `undefined` when it asks for neither terms nor words. */
function matchOf({ tenant, terms = [], words = [] }: AgentFilter): string | undefined {
  if (terms.length === 0 && words.length === 0) return undefined
  return [
    // Terms are their tenant's alone already.
    ...(terms.length === 0 ? [`terms : ${tenantWord(tenant)}`] : []),
    ...terms.map((any) => (any.length === 0 ? NOTHING : `terms : (${anyOf(tenant, any)})`)),
    ...words.map((word) => (IS_WORD.test(word) ? `words : "${word}" *` : NOTHING)),
  ].join(' AND ')
}

const anyOf = (tenant: string, terms: readonly string[]): string =>
  terms.map((term) => termWord(tenant, term)).join(' OR ')

/** What no agent has. */
const NOTHING = 'terms : nothing'

/** What the index keeps as one word. */
const IS_WORD = /^[\p{L}\p{N}]+$/u
