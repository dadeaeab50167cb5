import type { AgentInterface } from '../a2a/agent-card.ts'
import { membersOf } from '../a2a/json-text.ts'
import type { StreamResponse, Task } from '../a2a/task.ts'
import type { Wire } from '../a2a/wire.ts'
import { evolve, type NewEvent } from '../tasks/evolve.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import type { ContextRecord } from '../tasks/task-store.ts'
import { COMMIT_TARGET_BYTES, COMMIT_TARGET_EVENTS, type Draft, writeTask } from '../tasks/write-task.ts'
import { type Fence, LeaseLost } from '../work/work.ts'
import { AgentFailure } from './agent-client.ts'
import type { DeliveryDeps } from './delivery.ts'
import { reconcile } from './reconcile.ts'
import { artifactEntry, failureEntry, ourMessage, statusEntry } from './translate.ts'

/** Where answers come from: the interface, and the extensions it said are active for what was sent. */
export type AnswerSource = {
  readonly via: AgentInterface
  readonly activated?: readonly string[]
}

/** The agent's ids for what it is working on, as one of its answers shows them. */
type AgentIds = {
  readonly taskId: string
  readonly contextId: string | undefined
  readonly source: AnswerSource
}

/**
 * Writes what an agent said, in order, and returns the head as it then stands. Throws `LeaseLost`, or
 * `AgentFailure('invalid')` when the agent contradicts itself.
 */
export async function recordAnswers(
  deps: DeliveryDeps,
  fence: Fence,
  start: TaskHead,
  source: AnswerSource,
  answers: readonly Wire<StreamResponse>[],
): Promise<TaskHead> {
  let head = start
  let entries: NewEvent[] = []
  let ids: AgentIds | undefined
  const flush = async () => {
    head = await write(deps, fence, head, entries, ids)
    entries = []
  }
  for (const answer of answers) {
    const { task, message, statusUpdate, artifactUpdate } = answer.value
    if (message !== undefined) {
      await flush()
      return recordMessage(deps, fence, head, source, membersOf(answer.text).get('message') ?? '{}')
    }
    const known = ids?.taskId ?? head.delivery.agentTaskId
    const shown = idsOf(source, task, statusUpdate ?? artifactUpdate)
    const isAnother = known !== undefined && known !== shown.taskId
    // A snapshot is compared with the log, so what came before it must be there.
    if (isAnother || (task !== undefined && entries.length > 0)) await flush()
    if (isAnother) throw new AgentFailure('invalid', 'The agent answered about a different task')
    ids = shown
    const named: TaskHead = { ...head, delivery: { ...head.delivery, agentTaskId: shown.taskId } }
    if (task !== undefined) {
      entries.push(...(await reconcile(deps.store, named, { value: task, text: memberOf(answer, 'task') })))
    } else if (statusUpdate !== undefined) {
      const members = membersOf(memberOf(answer, 'statusUpdate'))
      const status = { state: statusUpdate.status.state, text: members.get('status') ?? '{}' }
      entries.push(statusEntry(named, status, members.get('metadata')))
    } else if (artifactUpdate !== undefined) {
      const members = membersOf(memberOf(answer, 'artifactUpdate'))
      const { artifact, append = false, lastChunk = false } = artifactUpdate
      const flags = { append, lastChunk }
      entries.push(
        artifactEntry(members.get('artifact') ?? '{}', artifact.artifactId, flags, members.get('metadata')),
      )
    }
  }
  if (ids !== undefined) await flush()
  return head
}

const memberOf = (answer: Wire<StreamResponse>, key: string): string =>
  membersOf(answer.text).get(key) ?? '{}'

const idsOf = (
  source: AnswerSource,
  task: Task | undefined,
  update: { readonly taskId: string; readonly contextId?: string } | undefined,
): AgentIds => ({
  taskId: task?.id ?? update?.taskId ?? '',
  contextId: (task ?? update)?.contextId || undefined,
  source,
})

/** Writes entries in commits of bounded size; the first also notes that the agent accepted what was sent. */
async function write(
  deps: DeliveryDeps,
  fence: Fence,
  start: TaskHead,
  entries: readonly NewEvent[],
  ids: AgentIds | undefined,
): Promise<TaskHead> {
  let head = start
  for (const group of groupsOf(entries)) {
    if (group.length === 0 && (ids === undefined || !changesDelivery(head))) continue
    const result = await writeTask(deps, head.id, (current) => draftOf(deps, current, group, ids), fence)
    if (result.kind === 'written' || result.kind === 'unchanged') head = result.head
    else throw new LeaseLost()
  }
  return head
}

const changesDelivery = (head: TaskHead): boolean =>
  head.delivery.agentTaskId === undefined ||
  head.delivery.sending !== undefined ||
  head.delivery.unreachableSince !== undefined

function draftOf(
  deps: DeliveryDeps,
  head: TaskHead,
  entries: readonly NewEvent[],
  ids: AgentIds | undefined,
): Draft {
  const isNew = head.delivery.agentTaskId === undefined
  return {
    entries: withinLimits(deps, head, entries),
    head: (evolved) => (ids === undefined ? evolved : accepted(evolved, ids)),
    ...(isNew && ids?.contextId !== undefined ? { context: contextOf(head, ids.contextId) } : {}),
  }
}

/** The head once the agent has shown what it made of the message that was being sent. */
function accepted(head: TaskHead, ids: AgentIds): TaskHead {
  const { sending, unreachableSince: _, ...delivery } = withActivated(head, ids.source).delivery
  return {
    ...head,
    phase: head.phase === 'undecided' ? 'task' : head.phase,
    delivery: {
      ...delivery,
      unsent: delivery.unsent.filter((seq) => seq !== sending?.seq),
      agentTaskId: ids.taskId,
      via: delivery.via ?? ids.source.via,
      ...(ids.contextId === undefined ? {} : { agentContextId: ids.contextId }),
    },
  }
}

/** The head with what the agent activated for the message that was being sent. */
function withActivated(head: TaskHead, { activated: uris = [] }: AnswerSource): TaskHead {
  const { sending } = head.delivery
  if (sending === undefined || uris.length === 0) return head
  return { ...head, delivery: { ...head.delivery, activated: { seq: sending.seq, uris } } }
}

/** The context with the agent's name for it; when something was last said in it is the client's doing. */
function contextOf(head: TaskHead, agentContextId: string): ContextRecord {
  const { tenant, owner, agentId, contextId, createdAt } = head
  return { tenant, owner, agentId, contextId, createdAt, lastAt: createdAt, agentContextId }
}

/** The entries, or the end of the task when they would make it larger than a task may be. */
export function withinLimits(
  deps: DeliveryDeps,
  head: TaskHead,
  entries: readonly NewEvent[],
): readonly NewEvent[] {
  const { maxTaskBytes, maxArtifacts, maxEventBytes, maxEvents } = deps.limits
  if (entries.some((entry) => entryBytes(entry) > maxEventBytes)) {
    const text = `The agent sent a single part larger than ${maxEventBytes} bytes`
    return [failureEntry(head, deps.newId(), 'EVENT_TOO_LARGE', text)]
  }
  const { head: grown } = evolve(head, entries, head.at)
  if (grown.bytes > maxTaskBytes) {
    const text = `The agent's answer grew beyond ${maxTaskBytes} bytes`
    return [failureEntry(head, deps.newId(), 'TASK_TOO_LARGE', text)]
  }
  if (grown.seq > maxEvents) {
    const text = `The agent sent more than ${maxEvents} events`
    return [failureEntry(head, deps.newId(), 'TOO_MANY_EVENTS', text)]
  }
  if (grown.artifacts.length > maxArtifacts) {
    const text = `The agent made more than ${maxArtifacts} artifacts`
    return [failureEntry(head, deps.newId(), 'TOO_MANY_ARTIFACTS', text)]
  }
  return entries
}

/**
 * A plain Message: the answer itself while the exchange is undecided, the result of a task that we made of it, or an
 * error.
 */
async function recordMessage(
  deps: DeliveryDeps,
  fence: Fence,
  head: TaskHead,
  source: AnswerSource,
  text: string,
): Promise<TaskHead> {
  if (head.delivery.agentTaskId !== undefined) {
    throw new AgentFailure('invalid', 'The agent made a task and then answered with a message')
  }
  const { contextId } = JSON.parse(text) as { contextId?: string }
  const result = await writeTask(
    deps,
    head.id,
    (current) => ({
      entries: withinLimits(deps, current, [
        current.phase === 'undecided'
          ? { kind: 'reply', header: '', body: ourMessage(current, text, undefined), trailer: '' }
          : {
              kind: 'status',
              state: 'TASK_STATE_COMPLETED',
              header: '',
              body: ourMessage(current, text, current.id),
              trailer: '',
            },
      ]),
      // A message that is too much fails the exchange, which takes a task to show it.
      head: (known) => ({
        ...withActivated(known, source),
        ...(known.phase === 'undecided' ? { phase: 'task' } : {}),
      }),
      ...(contextId ? { context: contextOf(current, contextId) } : {}),
    }),
    fence,
  )
  if (result.kind === 'written' || result.kind === 'unchanged') return result.head
  throw new LeaseLost()
}

const entryBytes = (entry: NewEvent): number =>
  Buffer.byteLength(entry.body) + Buffer.byteLength(entry.header) + Buffer.byteLength(entry.trailer)

/** Runs of entries that fit one commit; one empty run when there are none. */
export function groupsOf(entries: readonly NewEvent[]): readonly NewEvent[][] {
  const groups: NewEvent[][] = [[]]
  let bytes = 0
  for (const entry of entries) {
    const size = entryBytes(entry)
    const full =
      (groups.at(-1)?.length ?? 0) >= COMMIT_TARGET_EVENTS ||
      (bytes > 0 && bytes + size > COMMIT_TARGET_BYTES)
    if (full) {
      groups.push([])
      bytes = 0
    }
    groups.at(-1)?.push(entry)
    bytes += size
  }
  return groups
}
