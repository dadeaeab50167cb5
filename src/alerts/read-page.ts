import type { Page } from '../access/page.ts'

export type ReadPageOptions<Item, Position> = {
  readonly limit: number
  /** Where the page begins; at the first, when absent. */
  readonly after: Position | undefined
  readonly cursorOf: (last: Item) => string
}

/** Beyond this a total is a lower bound. */
const MAX_TOTAL = 1000

/** A page of what `list` yields, which begins strictly after a position. */
export async function readPage<Item, Position>(
  list: (after?: Position) => AsyncIterable<Item>,
  { limit, after, cursorOf }: ReadPageOptions<Item, Position>,
): Promise<Page<Item>> {
  const items: Item[] = []
  let isMore = false
  for await (const item of list(after)) {
    isMore = items.length === limit
    if (isMore) break
    items.push(item)
  }
  const total = after === undefined && !isMore ? items.length : await countUp(list())
  const last = items.at(-1)
  return {
    items,
    total: Math.min(total, MAX_TOTAL),
    totalCapped: total > MAX_TOTAL,
    ...(isMore && last !== undefined ? { nextCursor: cursorOf(last) } : {}),
  }
}

async function countUp(all: AsyncIterable<unknown>): Promise<number> {
  let total = 0
  for await (const _ of all) if (++total > MAX_TOTAL) break
  return total
}
