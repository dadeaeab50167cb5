import { contextId } from '../a2a/ids.ts'
import type { JsonText } from '../a2a/json-text.ts'
import type { ListTasksRequest } from '../a2a/requests.ts'
import type { ListTasksResponse, Task } from '../a2a/task.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { TasksDeps } from './deps.ts'
import { getAgentToList } from './own-task.ts'
import { readTask, type TaskView } from './read-task.ts'
import type { TaskHead } from './task-head.ts'
import type { ListPosition, TaskFilter } from './task-store.ts'

/** Totals are counted up to here; beyond, the count is this number (a deviation from A2A 1.0 §3.1.4). */
export const COUNT_CAP = 10_000

const DEFAULT_PAGE_SIZE = 50

/** The caller's tasks with one agent, latest status change first. */
export async function listTasks(
  deps: TasksDeps,
  call: Call,
  agentRef: string,
  request: ListTasksRequest,
): Promise<JsonText<ListTasksResponse>> {
  const agent = await getAgentToList(deps, call, agentRef)
  const filter: TaskFilter = {
    tenant: call.principal.tenant,
    owner: call.principal.subject,
    agentId: agent.id,
    ...filterOf(request),
  }
  const limit = request.pageSize ?? DEFAULT_PAGE_SIZE
  const position = request.pageToken
    ? (deps.cursors.decode(request.pageToken, filter) as ListPosition)
    : undefined
  const [heads, totalSize] = await Promise.all([
    deps.store.listHeads(filter, limit + 1, position),
    deps.store.countHeads(filter, COUNT_CAP),
  ])
  const { historyLength, includeArtifacts = false } = request
  const view = { artifacts: includeArtifacts, ...(historyLength === undefined ? {} : { historyLength }) }
  const tasks = await renderPage(deps, heads.slice(0, limit), view)
  const last = heads.length > tasks.length ? heads[tasks.length - 1] : undefined
  const nextPageToken = last && deps.cursors.encode({ at: last.statusAt, id: last.id }, filter)
  return `{"tasks":[${tasks.join(',')}],"nextPageToken":"${nextPageToken ?? ''}","pageSize":${limit},"totalSize":${totalSize}}`
}

/** A page ends before it is full once its tasks are this large together. */
const PAGE_CHARACTERS = 8 * 1024 * 1024

async function renderPage(
  deps: TasksDeps,
  heads: readonly TaskHead[],
  view: TaskView,
): Promise<readonly JsonText<Task>[]> {
  const tasks: JsonText<Task>[] = []
  let characters = 0
  for (const head of heads) {
    if (characters >= PAGE_CHARACTERS) break
    const task = await readTask(deps.store, head, view)
    tasks.push(task)
    characters += task.length
  }
  return tasks
}

function filterOf(request: ListTasksRequest): Partial<TaskFilter> {
  const { contextId: context, status, statusTimestampAfter } = request
  return {
    ...(context ? { contextId: contextId(context) } : {}),
    ...(status === undefined || status === 'TASK_STATE_UNSPECIFIED' ? {} : { state: status }),
    ...(statusTimestampAfter === undefined ? {} : { statusAtFrom: instantOf(statusTimestampAfter) }),
  }
}

function instantOf(text: string): number {
  const at = Date.parse(text)
  if (!Number.isNaN(at)) return at
  const violation = {
    pointer: '/statusTimestampAfter',
    code: 'format',
    message: 'is not an RFC 3339 instant',
  }
  throw new ParleyError('invalid_params', `${violation.pointer} ${violation.message}`, {
    violations: [violation],
  })
}
