import type { TaskId } from '../a2a/ids.ts'
import { isTerminal } from '../a2a/task-state.ts'
import type { News } from './news.ts'
import type { TaskEvent } from './task-event.ts'
import type { TaskHead } from './task-head.ts'
import type { TaskStore } from './task-store.ts'

/** A reader holds at most one page of events: what it does not take stays in the log. */
const PAGE_BYTES = 256 * 1024

/**
 * The events of a log after `after`, each exactly once and in order, live or late: what is stored first, then what
 * comes. Ends after the terminal event; rejects with the signal's reason, and with that of `stopping` once its watch is told.
 */
export async function* followLog(
  deps: { readonly store: TaskStore; readonly news: News; readonly stopping: AbortSignal },
  id: TaskId,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<TaskEvent, void, undefined> {
  using watch = deps.news.watch(id)
  const start = await deps.store.findHead(id)
  if (start === undefined || isFinished(start, after)) return
  let seq = after
  for (;;) {
    deps.stopping.throwIfAborted()
    const page = await deps.store.readEvents(id, { after: seq, maxBytes: PAGE_BYTES })
    for (const event of page) {
      signal.throwIfAborted()
      deps.stopping.throwIfAborted()
      yield event
      seq = event.seq
      if (event.state !== undefined && isTerminal(event.state)) return
    }
    if (page.length === 0) await watch.changed(signal)
  }
}

const isFinished = (head: TaskHead, after: number): boolean => isTerminal(head.state) && after >= head.seq
