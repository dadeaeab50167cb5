import { eventBytes, type TaskEvent } from '../../tasks/task-event.ts'
import type { EventSelection } from '../../tasks/task-store.ts'

/** The events of a log that a selection names. `log` holds seq 1 at index 0. */
export function selectEvents(log: readonly TaskEvent[], selection: EventSelection): readonly TaskEvent[] {
  const { after = 0, upTo = log.length, kinds, artifactId, newest, maxBytes } = selection
  const chosen = log
    .slice(after, upTo)
    .filter((event) => kinds === undefined || kinds.includes(event.kind))
    .filter((event) => artifactId === undefined || event.artifactId === artifactId)
  const events = newest === undefined ? chosen : lastOf(chosen.filter(hasBody), newest)
  return maxBytes === undefined ? events : events.slice(0, countWithin(events, maxBytes))
}

export const hasBody = (event: TaskEvent): boolean => event.body !== ''

const lastOf = <T>(items: readonly T[], count: number): readonly T[] =>
  items.slice(Math.max(0, items.length - count))

/** How many events fit into `maxBytes`; the first always does. */
function countWithin(events: readonly TaskEvent[], maxBytes: number): number {
  let bytes = 0
  let count = 0
  for (const event of events) {
    bytes += eventBytes(event)
    if (count > 0 && bytes > maxBytes) break
    count++
  }
  return count
}
