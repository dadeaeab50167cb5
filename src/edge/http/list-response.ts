import Type, { type TObject, type TSchema } from 'typebox'
import type { Page, PageQuery } from '../../access/page.ts'
import { jsonResponse } from './json-response.ts'

/** Parameters of every list. */
export const PAGE_QUERY = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100, default: 50, description: 'How many items at most.' }),
  ),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 2048, description: '`nextCursor` of the page before.' }),
  ),
}

export const DEFAULT_LIMIT = 50

type PageParameters = { readonly limit?: number | undefined; readonly cursor?: string | undefined }

/** `limit` and `cursor` as the rooms take them. */
export const pageOf = (query: PageParameters): PageQuery => ({
  limit: query.limit ?? DEFAULT_LIMIT,
  ...(query.cursor !== undefined && { cursor: query.cursor }),
})

export const listSchema = (item: TSchema): TObject =>
  Type.Object({
    items: Type.Array(item),
    total: Type.Integer({ minimum: 0 }),
    totalCapped: Type.Boolean({ description: '`total` is a lower bound.' }),
    nextCursor: Type.Union([Type.String(), Type.Null()]),
  })

/** A page whose items are JSON text already; `more` is said of the whole list besides. */
export function listResponse(page: Page<string>, requestId: string, more: object = {}): Response {
  const { items, total, totalCapped, nextCursor } = page
  const rest = JSON.stringify({ total, totalCapped, nextCursor: nextCursor ?? null, ...more })
  return jsonResponse(`{"items":[${items.join(',')}],${rest.slice(1)}`, requestId)
}
