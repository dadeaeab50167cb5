import { randomBytes } from 'node:crypto'
import { newUuid } from '../../src/a2a/ids.ts'
import { textOf } from '../../src/a2a/json-text.ts'
import {
  cancelTaskRequest,
  getTaskRequest,
  listTasksRequest,
  sendMessageRequest,
  subscribeToTaskRequest,
} from '../../src/a2a/requests.ts'
import type { StreamResponse } from '../../src/a2a/task.ts'
import { createAccess } from '../../src/access/create-access.ts'
import { openCredentials } from '../../src/access/credentials/open-credentials.case.ts'
import { createCursors } from '../../src/access/page-cursor.ts'
import type { Call, Scope } from '../../src/access/principal.ts'
import { startWorkers } from '../../src/delivery/start-workers.ts'
import { ParleyError } from '../../src/errors.ts'
import { cardDeps } from '../../src/registry/card-deps.case.ts'
import { createRegistry } from '../../src/registry/create-registry.ts'
import { createHealth } from '../../src/registry/health/create-health.ts'
import type { Backend } from '../../src/storage/backend.ts'
import { createTasks } from '../../src/tasks/create-tasks.ts'
import { DEFAULT_TASK_LIMITS } from '../../src/tasks/limits.ts'
import { createNews } from '../../src/tasks/news.ts'
import type { TaskStream, Tasks } from '../../src/tasks/tasks.ts'
import { silentEvents } from '../../src/telemetry/events.ts'
import { createAgentClient } from '../../src/upstream/agent-client.ts'
import { createCardSource } from '../../src/upstream/fetch-card.ts'
import { createGuard } from '../../src/upstream/guard.ts'
import { openAgent } from './gateway.ts'
import { ALL_ABILITIES, type Frame, Refusal, type TasksClient, type World } from './tasks-client.ts'

const now = (): number => Date.now()

/** The rooms joined as the program joins them, without an edge in front and with the scenario agent behind. */
export async function openInProcess(openBackend: () => Promise<Backend>): Promise<World> {
  await using opened = new AsyncDisposableStack()
  const agent = opened.use(await openAgent())
  const card = JSON.stringify(agent.card)
  const backend = opened.use(await openBackend())
  const guard = createGuard({ policies: { agents: 'loopbackOnly', cards: 'loopbackOnly' } })
  const client = opened.use(createAgentClient({ guard, now, newId: newUuid, userAgent: 'test' }))
  const cards = opened.use(createCardSource({ guard, userAgent: 'test' }))
  const cursors = createCursors(randomBytes(32))
  const events = silentEvents
  const access = createAccess({ keys: backend.keys, now, newId: newUuid, events, randomBytes, cursors })
  const registry = createRegistry({
    credentials: openCredentials(backend.credentials).credentials,
    agents: backend.agents,
    work: backend.work,
    health: createHealth({ store: backend.health, now, events }),
    access,
    cards,
    now,
    newId: newUuid,
    events,
    addresses: () => ({ http: 'http://gateway.test', grpc: [] }),
    cursors,
    ...cardDeps,
  })
  const ended = new AbortController()
  opened.defer(() => ended.abort())
  const news = createNews(backend.hints(ended.signal), ended.signal)
  const shared = {
    store: backend.tasks,
    events,
    now,
    limits: DEFAULT_TASK_LIMITS,
    news,
    newId: newUuid,
    registry,
  }
  const options = { concurrency: 16, agentConcurrency: 16 }
  const delivery = { ...shared, queue: backend.work, access, client }
  const workers = opened.use(startWorkers(delivery, backend.hints(ended.signal), options))
  const stopping = new AbortController()
  opened.defer(() => stopping.abort(new ParleyError('stream_resume_required', 'The test is over')))
  const tasks = createTasks({
    ...shared,
    access,
    audit: backend.audit,
    cursors,
    stopping: stopping.signal,
    worker: workers.local,
  })
  await registry.register(callOf('key:publisher', ['admin']), { card, slug: 'scenario' })
  const parts = opened.move()
  const clientFor = async (subject: string) =>
    clientOf(tasks, callOf(subject, ['tasks:submit', 'tasks:read', 'tasks:cancel']))
  return {
    client: clientFor,
    witness: clientFor,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

const callOf = (subject: string, scopes: readonly Scope[]): Call => ({
  principal: { tenant: 'default', subject, groups: [], scopes: new Set(scopes) },
  requestId: 'r1',
  signal: new AbortController().signal,
})

function clientOf(tasks: Tasks, call: Call): TasksClient {
  return {
    can: ALL_ABILITIES,
    send: (request, options = {}) =>
      told(async () => {
        const value = sendMessageRequest.parse(request)
        return tasks.sendMessage(call, 'scenario', { value, text: textOf(value) }, options)
      }),
    stream: (request, options = {}) =>
      frames(() => {
        const value = sendMessageRequest.parse(request)
        return tasks.sendStreamingMessage(call, 'scenario', { value, text: textOf(value) }, options)
      }),
    get: (request) => told(async () => tasks.getTask(call, 'scenario', getTaskRequest.parse(request))),
    list: (request) => told(async () => tasks.listTasks(call, 'scenario', listTasksRequest.parse(request))),
    cancel: (request) =>
      told(async () => {
        const { id, metadata } = cancelTaskRequest.parse(request)
        return tasks.cancelTask(call, 'scenario', { id, ...(metadata && { metadata: textOf(metadata) }) })
      }),
    subscribe: ({ id, afterSeq }) =>
      frames(() => {
        subscribeToTaskRequest.parse({ id })
        return tasks.subscribeToTask(call, 'scenario', {
          id,
          ...(afterSeq === undefined ? {} : { afterSeq }),
        })
      }),
  }
}

async function told<T>(ask: () => Promise<string>): Promise<T> {
  try {
    return JSON.parse(await ask()) as T
  } catch (error) {
    throw refusalOf(error)
  }
}

async function* frames(open: () => Promise<TaskStream>): AsyncGenerator<Frame, void, undefined> {
  try {
    for await (const { seq, event } of await open()) yield { seq, event: JSON.parse(event) as StreamResponse }
  } catch (error) {
    throw refusalOf(error)
  }
}

function refusalOf(error: unknown): unknown {
  if (!(error instanceof ParleyError)) return error
  const fields = error.violations.map(({ pointer }) =>
    pointer
      .slice(1)
      .replaceAll(/\/(\d+)/g, '[$1]')
      .replaceAll('/', '.'),
  )
  return new Refusal(error.code.toUpperCase(), error.message, fields)
}
