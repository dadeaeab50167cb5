import Type, { type Static } from 'typebox'
import { invalidParams } from '../../a2a/wire.ts'
import type { ParleyError } from '../../errors.ts'
import type { CurrentHealth } from '../health/current-health.ts'
import type { AgentPage, AgentQuery } from '../registry.ts'
import { CatalogEntry, catalogEntry } from './catalog-entry.ts'
import { filtersOf } from './catalog-filter.ts'

/** Parameters of `GET /agents` (ARD §7.4). */
export const ArdListQuery = Type.Object({
  filter: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2000,
      description:
        "Such as `displayName = 'weather' AND updatedAfter > '2026-01-01'`: displayName, type, publisherId, tags, capabilities (of several values, with commas, any will do) and updatedAfter.",
    }),
  ),
  orderBy: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: '`displayName` or `updatedAt DESC`.' }),
  ),
  pageSize: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  pageToken: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
})

/** Answer to it. `total` is exact up to 10,000, and that beyond. */
export const ArdList = Type.Object({
  items: Type.Array(CatalogEntry),
  total: Type.Integer({ minimum: 0 }),
  pageToken: Type.Optional(Type.String()),
})

const DEFAULT_PAGE_SIZE = 20

const ORDERS: ReadonlyMap<string, NonNullable<AgentQuery['sort']>> = new Map([
  ['displayname', 'name'],
  ['displayname asc', 'name'],
  ['updatedat desc', 'updated'],
])

/** What to search for; `undefined` where nothing can be found. Throws `invalid_params`. */
export function parseArdList(
  parameters: Static<typeof ArdListQuery>,
  publicUrl: string,
): AgentQuery | undefined {
  const { filter, orderBy, pageSize, pageToken } = parameters
  const matched =
    filter === undefined ? matchedBy(NO_CONDITIONS, publicUrl) : matchedBy(conditionsOf(filter), publicUrl)
  const sort = orderBy === undefined ? undefined : orderOf(orderBy)
  if (matched === undefined) return undefined
  return {
    ...matched,
    ...(sort !== undefined && { sort }),
    limit: pageSize ?? DEFAULT_PAGE_SIZE,
    ...(pageToken !== undefined && { cursor: pageToken }),
  }
}

export const ardList = (
  { items, total, nextCursor }: AgentPage,
  healths: readonly CurrentHealth[],
  publicUrl: string,
): Static<typeof ArdList> => ({
  items: items.map((agent, index) => catalogEntry(agent, publicUrl, healths[index])),
  total,
  ...(nextCursor !== undefined && { pageToken: nextCursor }),
})

function orderOf(orderBy: string): NonNullable<AgentQuery['sort']> {
  const order = ORDERS.get(orderBy.trim().replace(/\s+/g, ' ').toLowerCase())
  if (order !== undefined) return order
  throw invalidParams([
    { pointer: '/orderBy', code: 'enum', message: 'must be displayName or updatedAt DESC' },
  ])
}

type Conditions = ReadonlyMap<string, string>

const NO_CONDITIONS: Conditions = new Map()

/** One condition: a field, how it is compared, and a value in quotes. */
const CONDITION = /\s*([A-Za-z][\w.]{0,63})\s*(=|>)\s*(?:'([^']*)'|"([^"]*)")\s*/y
const AND = /AND\b/iy

/** An expression (ARD appendix A): conditions joined by AND, each field once. */
function conditionsOf(filter: string): Conditions {
  const conditions = new Map<string, string>()
  for (let at = 0; ; ) {
    CONDITION.lastIndex = at
    const [, field = '', comparison, single, double = ''] = CONDITION.exec(filter) ?? []
    if (comparison === undefined)
      throw unreadable(`is no condition from character ${at + 1}: write field = 'value'`)
    if ((comparison === '>') !== (field === 'updatedAfter')) {
      throw unreadable(`compares ${field} with ${comparison}: updatedAfter takes >, others take =`)
    }
    if (conditions.has(field)) throw unreadable(`names ${field} twice: separate its values by commas`)
    conditions.set(field, single ?? double)
    at = CONDITION.lastIndex
    if (at === filter.length) return conditions
    AND.lastIndex = at
    if (!AND.test(filter)) throw unreadable(`must go on with AND from character ${at + 1}`)
    at = AND.lastIndex
  }
}

function matchedBy(conditions: Conditions, publicUrl: string): Omit<AgentQuery, 'limit'> | undefined {
  const { displayName, updatedAfter, publisherId, ...others } = Object.fromEntries(conditions)
  const texts = { ...others, ...(publisherId !== undefined && { publisher: publisherId }) }
  const filter = Object.fromEntries(
    Object.entries(texts).map(([field, text]) => [field, valuesOf(field, text)]),
  )
  const filters = filtersOf(filter, publicUrl, '/filter')
  if (displayName?.trim() === '') throw unreadable('gives displayName no value')
  const since = updatedAfter === undefined ? undefined : timeOf(updatedAfter)
  if (filters === undefined) return undefined
  return {
    filters,
    ...(displayName !== undefined && { names: [displayName] }),
    ...(since !== undefined && { updatedSince: since + 1 }),
  }
}

function timeOf(text: string): number {
  const time = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw unreadable('gives updatedAfter no time: write it as 2026-01-31T12:00:00Z')
}

function valuesOf(field: string, text: string): readonly string[] {
  const values = text.split(',').map((value) => value.trim())
  if (values.includes('')) throw unreadable(`gives ${field} an empty value`)
  return values
}

const unreadable = (message: string): ParleyError =>
  invalidParams([{ pointer: '/filter', code: 'syntax', message }])
