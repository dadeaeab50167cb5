/** Which page of a list is wanted: so many at most, from where a page before said that it goes on. */
export type PageQuery = { readonly limit: number; readonly cursor?: string }

/** A page of what its reader may see of a list. */
export type Page<Item> = {
  readonly items: readonly Item[]
  /** How many there are on all pages. */
  readonly total: number
  /** `total` is a lower bound. */
  readonly totalCapped: boolean
  /** Absent on the last page. */
  readonly nextCursor?: string
}
