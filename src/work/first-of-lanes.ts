import type { LeaseRequest } from './work-queue.ts'

/** The first of `work` that one lease may give, in their order. */
export function firstOfLanes<Work extends { readonly lane: string }>(
  work: readonly Work[],
  { limit, perLane = limit }: Pick<LeaseRequest, 'limit' | 'perLane'>,
): readonly Work[] {
  const counts = new Map<string, number>()
  const within = work.filter(({ lane }) => {
    const count = (counts.get(lane) ?? 0) + 1
    counts.set(lane, count)
    return count <= perLane
  })
  return within.slice(0, limit)
}
