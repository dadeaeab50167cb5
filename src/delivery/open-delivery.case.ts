import type { TestContext } from 'node:test'
import { newUuid } from '../a2a/ids.ts'
import type { StreamResponse, Task } from '../a2a/task.ts'
import type { TaskState } from '../a2a/task-state.ts'
import type { Wire } from '../a2a/wire.ts'
import { createTasks } from '../tasks/create-tasks.ts'
import { alice, type OpenOptions, openShared, type Shared, taskOf, wire } from '../tasks/open-tasks.case.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import type { Tasks } from '../tasks/tasks.ts'
import type { WorkKind } from '../work/work.ts'
import { type Run, type RunResult, startWorker, type Worker, type WorkerOptions } from '../work/worker.ts'
import {
  type AgentCallOptions,
  type AgentClient,
  AgentFailure,
  type AgentTarget,
  type OnBehalfOf,
} from './agent-client.ts'
import type { DeliveryDeps, DeliveryResult } from './delivery.ts'
import { runCancel } from './run-cancel.ts'
import { runDeadline } from './run-deadline.ts'
import { runSend } from './run-send.ts'
import { deliveryEvents } from './start-workers.ts'

/**
 * What a scripted agent does next: says something, activates extensions, fails, waits for a signal of the test, or says
 * no more.
 */
export type Step =
  | StreamResponse
  | { readonly activates: readonly string[] }
  | AgentFailure
  | Promise<unknown>
  | 'hang'

export type Call = {
  readonly method: 'send' | 'subscribe' | 'getTask' | 'cancelTask'
  /** The request of a send, else the agent's task id. */
  readonly about: string
  readonly target: AgentTarget
  readonly onBehalfOf: OnBehalfOf
  readonly traceparent?: string
  readonly metadata?: string
  readonly extensions?: readonly string[]
}

/** An agent whose answers are data: of each method, one entry per call. A call without an entry is `unknown`. */
export type Script = {
  readonly send?: readonly (readonly Step[])[]
  readonly subscribe?: readonly (readonly Step[])[]
  readonly getTask?: readonly (Task | AgentFailure | Promise<Task>)[]
  readonly cancelTask?: readonly (Task | AgentFailure | Promise<Task>)[]
}

export type ScriptedAgent = AgentClient & {
  readonly calls: Call[]
  /** Resolves at the nth call of a method. */
  readonly called: (method: Call['method'], count?: number) => Promise<Call>
  /** Calls whose signal has aborted. */
  readonly aborted: string[]
}

export function scriptedAgent(script: Script): ScriptedAgent {
  const calls: Call[] = []
  const aborted: string[] = []
  const waiting = new Set<() => void>()
  const left = {
    send: [...(script.send ?? [])],
    subscribe: [...(script.subscribe ?? [])],
    getTask: [...(script.getTask ?? [])],
    cancelTask: [...(script.cancelTask ?? [])],
  }
  const note = (
    method: Call['method'],
    target: AgentTarget,
    about: string,
    options: AgentCallOptions,
    more = {},
  ) => {
    const { onBehalfOf, traceparent, extensions } = options
    calls.push({
      method,
      target,
      about,
      onBehalfOf,
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(extensions === undefined ? {} : { extensions }),
      ...more,
    })
    options.signal.addEventListener('abort', () => aborted.push(method), { once: true })
    for (const tell of [...waiting]) tell()
  }
  const unscripted = () => new AgentFailure('unknown', 'nothing is scripted')
  async function* play(steps: readonly Step[] | undefined, { signal, onActivated }: AgentCallOptions) {
    for (const step of steps ?? [unscripted()]) {
      signal.throwIfAborted()
      if (step instanceof AgentFailure) throw step
      if (step === 'hang') await untilAborted(signal)
      else if (step instanceof Promise) await Promise.race([step, untilAborted(signal)])
      else if ('activates' in step) onActivated?.(step.activates)
      else yield wire(step)
    }
  }
  const answer = async (task: Task | AgentFailure | Promise<Task> | undefined, signal: AbortSignal) => {
    const given = await Promise.race([task ?? unscripted(), untilAborted(signal)])
    if (given instanceof AgentFailure) throw given
    return wire(given)
  }
  return {
    calls,
    aborted,
    called: (method, count = 1) =>
      new Promise((resolve) => {
        const tell = () => {
          const found = calls.filter((call) => call.method === method)[count - 1]
          if (found !== undefined) resolve(found)
        }
        waiting.add(tell)
        tell()
      }),
    send(target, request, options): AsyncIterable<Wire<StreamResponse>> {
      note('send', target, request, options)
      return play(left.send.shift(), options)
    },
    subscribe(target, id, options): AsyncIterable<Wire<StreamResponse>> {
      note('subscribe', target, id, options)
      return play(left.subscribe.shift(), options)
    },
    getTask(target, id, options) {
      note('getTask', target, id, options)
      return answer(left.getTask.shift(), options.signal)
    },
    cancelTask(target, id, metadata, options) {
      note('cancelTask', target, id, options, metadata === undefined ? {} : { metadata })
      return answer(left.cancelTask.shift(), options.signal)
    },
    getExtendedCard: () => Promise.reject(unscripted()),
    async [Symbol.asyncDispose]() {},
  }
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

export type OpenDelivery = Shared & {
  readonly tasks: Tasks
  readonly agentClient: ScriptedAgent
  readonly delivery: DeliveryDeps
  /** What calls have shown of the agent. */
  readonly results: readonly DeliveryResult[]
  readonly worker: Worker
  /** A worker of its own, as another process would have. */
  readonly startAnother: (changes?: WorkerChanges) => Worker
  /** Moves the clock and wakes the worker, so that what is due by then is done. */
  readonly pass: (ms: number) => void
}

type WorkerChanges = Partial<Omit<WorkerOptions, 'run'>> & {
  readonly run?: (deps: DeliveryDeps, run: Run) => Promise<RunResult>
}

export type DeliveryOptions = OpenOptions & {
  /** Whether new work is leased in the commit that makes it, as in a process that has both roles. */
  readonly isLocal?: boolean
  readonly worker?: never
  readonly workerOptions?: WorkerChanges
}

export const LEASE_MS = 30_000

/** Tasks with a worker that delivers them to a scripted agent. Leases are never renewed: the test's clock ends them. */
export async function openDelivery(
  t: TestContext,
  script: Script,
  { isLocal = true, workerOptions = {}, ...options }: DeliveryOptions = {},
): Promise<OpenDelivery> {
  const shared = await openShared(t, options)
  const agentClient = scriptedAgent(script)
  const { store, events, now, limits, registry, access, news } = shared.deps
  const queue = shared.backend.work
  const results: DeliveryResult[] = []
  const delivery: DeliveryDeps = {
    store,
    events,
    now,
    limits,
    registry,
    access,
    news,
    newId: newUuid,
    queue,
    client: agentClient,
    onResult: (result) => results.push(result),
  }
  const start = ({ run, ...more }: WorkerChanges = {}) => {
    const worker = startWorker(delivery, {
      kinds: ['send', 'cancel', 'deadline'],
      concurrency: 16,
      perLane: 16,
      leaseMs: LEASE_MS,
      renewMs: 1_000_000,
      graceMs: 0,
      began: deliveryEvents(events),
      run: (one) => (run ?? RUNS[taskWork(one.work.kind)])(delivery, one),
      ...more,
    })
    t.after(() => worker[Symbol.asyncDispose]())
    return worker
  }
  const worker = start(workerOptions)
  const hints = new AbortController()
  t.after(() => hints.abort())
  void (async () => {
    for await (const { kind } of shared.backend.hints(hints.signal)) if (kind !== 'task') worker.wake()
  })()
  const tasks = createTasks({ ...shared.deps, ...(isLocal ? { worker } : {}) })
  const pass = (ms: number) => {
    shared.clock.now += ms
    worker.wake()
  }
  return { ...shared, tasks, agentClient, delivery, results, worker, startAnother: start, pass }
}

const taskWork = (kind: WorkKind): keyof typeof RUNS => {
  if (kind === 'send' || kind === 'cancel' || kind === 'deadline') return kind
  throw new TypeError(`No delivery is a ${kind}`)
}

const RUNS = { send: runSend, cancel: runCancel, deadline: runDeadline } as const

export const agentTask = (state: TaskState, more: Partial<Task> = {}): Task => ({
  id: 'at-1',
  contextId: 'ac-1',
  status: { state },
  ...more,
})

export const agentMessage = (text: string, more: object = {}) => ({
  messageId: `r-${text}`,
  role: 'ROLE_AGENT' as const,
  parts: [{ text }],
  ...more,
})

export const said = (state: TaskState, text?: string): StreamResponse => ({
  statusUpdate: {
    taskId: 'at-1',
    contextId: 'ac-1',
    status: { state, ...(text === undefined ? {} : { message: agentMessage(text, { taskId: 'at-1' }) }) },
  },
})

export const chunk = (artifactId: string, text: string, append = false): StreamResponse => ({
  artifactUpdate: { taskId: 'at-1', contextId: 'ac-1', artifact: { artifactId, parts: [{ text }] }, append },
})

export const working: StreamResponse = { task: agentTask('TASK_STATE_WORKING') }
export const completed = said('TASK_STATE_COMPLETED', 'Done')

export const isOver = (head: TaskHead): boolean => /COMPLETED|FAILED|CANCELED|REJECTED/.test(head.state)
export const isIn =
  (state: TaskState) =>
  (head: TaskHead): boolean =>
    head.state === state

export const getTask = async (world: OpenDelivery, id: string): Promise<Task> =>
  taskOf(`{"task":${await world.tasks.getTask(alice, 'echo', { id })}}`)

/** A task's artifacts as texts, in a word. */
export const artifactsOf = (task: Task): readonly string[] =>
  (task.artifacts ?? []).map(({ artifactId, parts }) => `${artifactId}:${parts.map(({ text }) => text)}`)

/** Why the gateway failed a task, if it did. */
export const reasonOf = (task: Task): unknown =>
  Object.entries(task.status.message?.metadata ?? {}).find(([name]) => name.endsWith('/reason'))?.[1]

/** A promise and the hand that resolves it. */
export function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { passed: promise, open: resolve }
}
