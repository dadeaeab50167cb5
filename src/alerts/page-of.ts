/** Some of what a caller may see, and how much there is of it. */
export type Page<Item> = {
  readonly items: readonly Item[]
  readonly total: number
  /** `total` is a lower bound. */
  readonly totalCapped: boolean
  readonly nextCursor?: string
}

export type PageOptions<Item, Position> = {
  readonly limit: number
  /** Where the page begins; at the first, when absent. */
  readonly after: Position | undefined
  readonly cursorOf: (last: Item) => string
}

/** Beyond this a total is a lower bound. */
const MAX_TOTAL = 1000

/** A page of what `list` yields, which begins strictly after a position. */
export async function pageOf<Item, Position>(
  list: (after?: Position) => AsyncIterable<Item>,
  { limit, after, cursorOf }: PageOptions<Item, Position>,
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
