import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { newUuid, type TaskId, taskId } from '../a2a/ids.ts'
import type { Message } from '../a2a/message.ts'
import type { SendMessageRequest } from '../a2a/requests.ts'
import type { StreamResponse, Task } from '../a2a/task.ts'
import type { Wire } from '../a2a/wire.ts'
import { createAccess } from '../access/create-access.ts'
import { openCredentials } from '../access/credentials/open-credentials.case.ts'
import { createCursors } from '../access/page-cursor.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { Agent } from '../registry/agent.ts'
import { cardDeps } from '../registry/card-deps.case.ts'
import { createRegistry } from '../registry/create-registry.ts'
import { createHealth } from '../registry/health/create-health.ts'
import { as, cardText } from '../registry/open-registry.case.ts'
import type { Registry } from '../registry/registry.ts'
import { openMemory } from '../storage/memory/open-memory.ts'
import { type Events, silentEvents } from '../telemetry/events.ts'
import type { LocalWorker } from '../work/worker.ts'
import { createTasks } from './create-tasks.ts'
import type { TasksDeps } from './deps.ts'
import type { NewEvent } from './evolve.ts'
import { DEFAULT_TASK_LIMITS, type TaskLimits } from './limits.ts'
import { createNews } from './news.ts'
import type { TaskHead } from './task-head.ts'
import type { TaskStore } from './task-store.ts'
import type { StreamFrame, TaskStream, Tasks } from './tasks.ts'
import { writeTask } from './write-task.ts'

export const T0 = 1_750_000_000_000

export type Shared = {
  readonly backend: Awaited<ReturnType<typeof openMemory>>
  readonly registry: Registry
  readonly agent: Agent
  readonly deps: TasksDeps
  readonly clock: { now: number }
  /** What nobody foresaw; a test's end state should leave it empty. */
  readonly unexpected: unknown[]
  /** How each run of a worker ended: its kind and outcome. */
  readonly ended: string[]
  readonly failures: string[]
  readonly stop: () => void
  /** The first head, stored or yet to be committed, for which `is` holds. */
  readonly until: (is: (head: TaskHead) => boolean) => Promise<TaskHead>
  /** Resolves once as many runs have ended. */
  readonly untilEnded: (count: number) => Promise<void>
}

export type OpenTasks = Shared & {
  readonly tasks: Tasks
  /** Writes what an agent would, without one. */
  readonly agentSays: (id: string, ...entries: readonly NewEvent[]) => Promise<TaskHead>
}

export type OpenOptions = {
  readonly limits?: Partial<TaskLimits>
  readonly worker?: LocalWorker
  readonly redelivery?: Agent['redelivery']
  readonly card?: object
}

/** The parts that the rooms of tasks and deliveries share, on the memory backend, with one agent `echo`. */
export async function openShared(t: TestContext, options: OpenOptions = {}): Promise<Shared> {
  const backend = await openMemory()
  const clock = { now: T0 }
  const now = () => clock.now
  const unexpected: unknown[] = []
  const ended: string[] = []
  const failures: string[] = []
  const events: Events = {
    ...silentEvents,
    unexpected: ({ where, cause }) => unexpected.push(`${where}: ${String(cause)}`),
    deliveryEnded({ kind, outcome }) {
      ended.push(`${kind} ${outcome}`)
      for (const tell of [...waiting]) tell()
    },
    deliveryFailed: ({ failure }) => failures.push(failure),
  }
  const waiting = new Set<() => void>()
  const untilEnded = (count: number) =>
    new Promise<void>((resolve) => {
      const tell = () => {
        if (ended.length >= count) resolve()
      }
      waiting.add(tell)
      tell()
    })
  const cursors = createCursors(Buffer.alloc(32, 7))
  const access = createAccess({ keys: backend.keys, now, newId: newUuid, events, randomBytes, cursors })
  const registry = createRegistry({
    credentials: openCredentials(backend.credentials).credentials,
    agents: backend.agents,
    work: backend.work,
    health: createHealth({ store: backend.health, now, events }),
    access,
    cards: { fetchCard: () => Promise.reject(new ParleyError('agent_unavailable', 'No card there')) },
    now,
    newId: newUuid,
    events,
    addresses: () => ({ http: 'https://gw.example', grpc: [] }),
    cursors,
    ...cardDeps,
  })
  const { agent } = await registry.register(as('key:publisher'), {
    card: cardText(options.card),
    slug: 'echo',
    ...(options.redelivery === undefined ? {} : { redelivery: options.redelivery }),
  })
  const over = new AbortController()
  const stopping = new AbortController()
  t.after(() => over.abort())
  const { store, until } = observed(backend.tasks)
  const deps: TasksDeps = {
    store,
    events,
    now,
    limits: { ...DEFAULT_TASK_LIMITS, ...options.limits },
    access,
    audit: backend.audit,
    registry,
    news: createNews(backend.hints(over.signal), over.signal),
    cursors,
    newId: newUuid,
    stopping: stopping.signal,
    ...(options.worker === undefined ? {} : { worker: options.worker }),
  }
  const stop = () => stopping.abort(new ParleyError('stream_resume_required', 'Stopping'))
  return { backend, registry, agent, deps, clock, unexpected, ended, failures, stop, until, untilEnded }
}

export async function openTasks(t: TestContext, options: OpenOptions = {}): Promise<OpenTasks> {
  const shared = await openShared(t, options)
  const agentSays = async (id: string, ...entries: readonly NewEvent[]) => {
    const result = await writeTask(shared.deps, taskId(id), () => ({
      entries,
      head: (head) => ({
        ...head,
        phase: head.phase === 'undecided' ? 'task' : head.phase,
        delivery: { ...head.delivery, unsent: [], agentTaskId: 'at-agent' },
      }),
    }))
    if (result.kind !== 'written') throw new Error(`the agent could not write: ${result.kind}`)
    return result.head
  }
  return { ...shared, tasks: createTasks(shared.deps), agentSays }
}

/** A store whose commits can be awaited. */
function observed(inner: TaskStore): { store: TaskStore; until: Shared['until'] } {
  const newest = new Map<TaskId, TaskHead>()
  const waiting = new Set<(head: TaskHead) => void>()
  const store: TaskStore = {
    ...inner,
    async commit(commit) {
      const result = await inner.commit(commit)
      if (result.kind === 'committed') {
        newest.set(commit.head.id, commit.head)
        for (const tell of waiting) tell(commit.head)
      }
      return result
    },
  }
  const until: Shared['until'] = (is) => {
    const known = [...newest.values()].find(is)
    if (known !== undefined) return Promise.resolve(known)
    return new Promise((resolve) => {
      const tell = (head: TaskHead) => {
        if (!is(head)) return
        waiting.delete(tell)
        resolve(head)
      }
      waiting.add(tell)
    })
  }
  return { store, until }
}

export const alice: Call = as('key:alice')
export const bob: Call = as('key:bob')

/** A call that ends when its client does. */
export function leaving(subject: string): { readonly call: Call; readonly leave: () => void } {
  const connection = new AbortController()
  return { call: { ...as(subject), signal: connection.signal }, leave: () => connection.abort() }
}

export const wire = <T>(value: T): Wire<T> => ({ value, text: JSON.stringify(value) })

export const userMessage = (text: string, more: Partial<Message> = {}): Message => ({
  messageId: `m-${text}`,
  role: 'ROLE_USER',
  parts: [{ text }],
  ...more,
})

export const request = (
  text: string,
  more: {
    readonly message?: Partial<Message>
    readonly configuration?: object
    readonly metadata?: object
  } = {},
): Wire<SendMessageRequest> => {
  const { message, ...rest } = more
  return wire({ message: userMessage(text, message), ...rest })
}

/** A request that does not wait. */
export const atOnce = (text: string, message: Partial<Message> = {}): Wire<SendMessageRequest> =>
  request(text, { message, configuration: { returnImmediately: true } })

export const taskOf = (text: string): Task => {
  const { task } = JSON.parse(text) as { task?: Task }
  if (task === undefined) throw new Error(`no task: ${text}`)
  return task
}

export const parsedTask = (text: string): Task => JSON.parse(text) as Task

/** A new task of this caller that nobody has delivered. */
export async function newTask(
  world: OpenTasks,
  call: Call = alice,
  text = 'hello',
  message: Partial<Message> = {},
) {
  return taskOf(await world.tasks.sendMessage(call, 'echo', atOnce(text, message), {}))
}

export const status = (state: NonNullable<NewEvent['state']>, text?: string): NewEvent => ({
  kind: 'status',
  state,
  header: '',
  body:
    text === undefined
      ? ''
      : JSON.stringify({ messageId: `a-${text}`, role: 'ROLE_AGENT', parts: [{ text }] }),
  trailer: '',
})

export const artifact = (
  artifactId: string,
  text: string,
  flags: { readonly append?: boolean; readonly lastChunk?: boolean } = {},
): NewEvent => ({
  kind: 'artifact',
  artifactId,
  ...flags,
  header: `"artifactId":${JSON.stringify(artifactId)}`,
  body: JSON.stringify({ text }),
  trailer: `${flags.append ? ',"append":true' : ''}${flags.lastChunk ? ',"lastChunk":true' : ''}`,
})

export const WORKING = status('TASK_STATE_WORKING')
export const COMPLETED = status('TASK_STATE_COMPLETED')

export async function framesOf(stream: TaskStream): Promise<readonly StreamFrame[]> {
  const frames: StreamFrame[] = []
  for await (const frame of stream) frames.push(frame)
  return frames
}

export const eventOf = (frame: StreamFrame | undefined): StreamResponse =>
  JSON.parse(frame?.event ?? '{}') as StreamResponse

/** What a frame shows, in a word: its seq and kind, with the state or the artifact's texts. */
export function gist(frame: StreamFrame): string {
  const { task, message, statusUpdate, artifactUpdate } = eventOf(frame)
  const seq = frame.seq ?? '-'
  if (task !== undefined) return `${seq} task ${short(task.status.state)}`
  if (message !== undefined) return `${seq} message ${message.parts[0]?.text}`
  if (statusUpdate !== undefined) return `${seq} ${short(statusUpdate.status.state)}`
  return `${seq} ${artifactUpdate?.artifact.artifactId}:${artifactUpdate?.artifact.parts.map(({ text }) => text)}`
}

export const gists = async (stream: TaskStream): Promise<readonly string[]> =>
  (await framesOf(stream)).map(gist)

const short = (state: string): string => state.replace('TASK_STATE_', '')

export const fails = (code: string) => (error: unknown) => {
  if (error instanceof ParleyError && error.code === code) return true
  throw error
}
