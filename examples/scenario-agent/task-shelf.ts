import { type ListTasksResponse, type Task, TaskState } from '@a2a-js/sdk'
import type { TaskStore } from '@a2a-js/sdk/server'

/** Beyond this the oldest tasks are forgotten, so that an agent that runs for months stays small. */
const MAX_TASKS = 10_000

/**
 * The agent's tasks, in memory, for one caller.
 *
 * The SDK's own store clones a whole task for every event, which makes a stream of chunks cost the square of its
 * size. The SDK changes only the members copied here, never a message or a part in place.
 */
export function createTaskShelf(): TaskStore {
  const tasks = new Map<string, Task>()

  return {
    async save(task) {
      tasks.set(task.id, copy(task))
      const [oldest] = tasks.keys()
      if (tasks.size > MAX_TASKS && oldest !== undefined) tasks.delete(oldest)
    },
    async load(taskId) {
      const task = tasks.get(taskId)
      return task && copy(task)
    },
    /** Page tokens are offsets: pages shift when tasks change between two calls. */
    async list({
      contextId,
      status,
      pageSize = 50,
      pageToken,
      includeArtifacts,
    }): Promise<ListTasksResponse> {
      const found = [...tasks.values()]
        .filter((task) => contextId === '' || task.contextId === contextId)
        .filter((task) => status === TaskState.TASK_STATE_UNSPECIFIED || task.status?.state === status)
        .sort((a, b) => statusTime(b).localeCompare(statusTime(a)))
      const start = Number(pageToken) || 0
      const page = found.slice(start, start + pageSize).map(copy)
      const end = start + page.length
      return {
        tasks: includeArtifacts ? page : page.map((task) => ({ ...task, artifacts: [] })),
        nextPageToken: end < found.length ? String(end) : '',
        pageSize,
        totalSize: found.length,
      }
    },
  }
}

const copy = (task: Task): Task => ({
  ...task,
  artifacts: task.artifacts.map((artifact) => ({ ...artifact })),
  history: [...task.history],
})

const statusTime = ({ status }: Task): string => status?.timestamp ?? ''
