import type { Hint } from '../tasks/news.ts'
import type { TaskCommit } from '../tasks/task-store.ts'

/** Work due later than this is no news to anybody: workers look again by themselves before then. */
const SOON_MS = 60_000

/** What a commit is worth telling. */
export function hintsOf(commit: TaskCommit): readonly Hint[] {
  const news: Hint = { kind: 'task', taskId: commit.head.id }
  const soon = commit.head.at + SOON_MS
  const hasWork = commit.work?.some((work) => work.claim === undefined && work.dueAt <= soon) === true
  return hasWork ? [news, { kind: 'work' }] : [news]
}
