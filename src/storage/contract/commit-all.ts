import assert from 'node:assert/strict'
import type { TaskHead } from '../../tasks/task-head.ts'
import type { TaskCommit } from '../../tasks/task-store.ts'
import type { Backend } from '../backend.ts'

/** Commits what must be committed; the head as it then stands. */
export async function commitOk(backend: Backend, commit: TaskCommit): Promise<TaskHead> {
  assert.deepEqual(await backend.tasks.commit(commit), { kind: 'committed' })
  return commit.head
}

export async function commitAll(backend: Backend, commits: readonly TaskCommit[]): Promise<void> {
  await Promise.all(commits.map((commit) => commitOk(backend, commit)))
}
