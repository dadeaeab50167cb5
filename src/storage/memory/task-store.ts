import type { TaskEvent } from '../../tasks/task-event.ts'
import type { TaskHead } from '../../tasks/task-head.ts'
import type {
  CommitResult,
  ContextEvent,
  ContextFilter,
  IdempotencyRecord,
  ListPosition,
  TaskCommit,
  TaskFilter,
  TaskStore,
} from '../../tasks/task-store.ts'
import { WORK_KINDS } from '../../work/work.ts'
import { checkContinues, checkTaskCommit } from '../check-commit.ts'
import { hintsOf } from '../commit-hints.ts'
import type { HintFeed } from '../hint-feed.ts'
import type { AuditRows } from './audit-store.ts'
import { compareText } from './compare-text.ts'
import { createContextTable, isOfAgents } from './context-table.ts'
import { frozenCopy } from './frozen-copy.ts'
import { hasBody, selectEvents } from './task-log.ts'
import type { WorkRows } from './work-queue.ts'

/** The log only ever grows; readers get slices of it. */
type StoredTask = { readonly head: TaskHead; readonly log: TaskEvent[] }

export function createMemoryTaskStore(work: WorkRows, audit: AuditRows, feed: HintFeed): TaskStore {
  const tasks = new Map<string, StoredTask>()
  const contexts = createContextTable()
  const idempotency = new Map<string, IdempotencyRecord>()

  function check(commit: TaskCommit): CommitResult {
    if (commit.fence !== undefined && !work.holds(commit.fence)) return { kind: 'fenced' }
    const holder = commit.idempotency === undefined ? undefined : idempotency.get(commit.idempotency.scope)
    if (holder !== undefined && blocks(holder, commit)) return { kind: 'duplicate', record: holder }
    const stored = tasks.get(commit.head.id)?.head
    if ((stored?.version ?? 0) !== commit.expectedVersion) return { kind: 'conflict' }
    checkContinues(stored, commit)
    return { kind: 'committed' }
  }

  function apply(commit: TaskCommit): void {
    audit.append(commit.audit)
    const log = tasks.get(commit.head.id)?.log ?? []
    for (const event of commit.events) log.push(frozenCopy(event))
    tasks.set(commit.head.id, { head: frozenCopy(commit.head), log })
    for (const ref of commit.done ?? []) work.delete(ref)
    for (const one of commit.work ?? []) work.put(one)
    if (commit.context !== undefined) contexts.merge(commit.context)
    if (commit.idempotency !== undefined) {
      idempotency.set(commit.idempotency.scope, frozenCopy(commit.idempotency))
    }
  }

  const selectHeads = (filter: TaskFilter): readonly TaskHead[] =>
    [...tasks.values()].map(({ head }) => head).filter((head) => matches(filter, head))

  const contextEvents = (filter: ContextFilter): readonly ContextEvent[] =>
    [...tasks.values()]
      .filter(({ head }) => isInContext(filter, head))
      .flatMap(({ head, log }) => log.filter(carriesMessage).map((event) => contextEvent(head, event)))
  return {
    async commit(commit) {
      checkTaskCommit(commit, JSON.stringify(commit.head))
      const result = check(commit)
      if (result.kind !== 'committed') return result
      apply(commit)
      feed.publish(hintsOf(commit))
      return result
    },
    async remove(id, expectedVersion) {
      const head = tasks.get(id)?.head
      if (head?.version !== expectedVersion) return false
      tasks.delete(id)
      const isShared = [...tasks.values()].some((other) => isSameContext(other.head, head))
      if (!isShared) contexts.deleteUnlessLater(head, head.at)
      for (const kind of WORK_KINDS) work.delete({ kind, key: id })
      feed.publish([{ kind: 'task', taskId: id }])
      return true
    },
    async findHead(id) {
      return tasks.get(id)?.head
    },
    async readEvents(id, selection) {
      return selectEvents(tasks.get(id)?.log ?? [], selection)
    },
    async listHeads(filter, limit, position) {
      return selectHeads(filter)
        .filter((head) => position === undefined || newestFirst(placeOf(head), position) > 0)
        .sort((a, b) => newestFirst(placeOf(a), placeOf(b)))
        .slice(0, limit)
    },
    async countHeads(filter, cap) {
      return Math.min(cap, selectHeads(filter).length)
    },
    async listAgents(owner) {
      return contexts.agents(owner)
    },
    async findContext(key) {
      return contexts.find(key)
    },
    async listContexts(filter, limit, position) {
      return contexts.list(filter, limit, position)
    },
    async countContexts(filter, cap) {
      return contexts.count(filter, cap)
    },
    async countContextEvents(filter, cap) {
      return Math.min(cap, contextEvents(filter).length)
    },
    async listContextEvents(filter, limit, position) {
      return contextEvents(filter)
        .filter((entry) => position === undefined || oldestFirst(eventPlace(entry), position) > 0)
        .sort((a, b) => oldestFirst(eventPlace(a), eventPlace(b)))
        .slice(0, limit)
    },
    async findIdempotency(scope, now) {
      const record = idempotency.get(scope)
      return record !== undefined && record.expiresAt > now ? record : undefined
    },
  }
}

/** Whether a stored record keeps the commit's own from being written. Expiry is judged at the commit's time. */
const blocks = (holder: IdempotencyRecord, { head, idempotency }: TaskCommit): boolean =>
  holder.expiresAt > head.at && !(holder.taskId === idempotency?.taskId && holder.seq === idempotency.seq)

const isSameContext = (a: TaskHead, b: TaskHead): boolean =>
  a.tenant === b.tenant && a.owner === b.owner && a.agentId === b.agentId && a.contextId === b.contextId

const matches = (filter: TaskFilter, head: TaskHead): boolean =>
  head.phase === 'task' &&
  head.tenant === filter.tenant &&
  (filter.owner === undefined || head.owner === filter.owner) &&
  isOfAgents(filter, head) &&
  (filter.contextId === undefined || head.contextId === filter.contextId) &&
  (filter.state === undefined || head.state === filter.state) &&
  (filter.statusAtFrom === undefined || head.statusAt >= filter.statusAtFrom)

const isInContext = (filter: ContextFilter, head: TaskHead): boolean =>
  head.phase !== 'undecided' &&
  head.tenant === filter.tenant &&
  head.contextId === filter.contextId &&
  (filter.owner === undefined || head.owner === filter.owner) &&
  isOfAgents(filter, head)

const carriesMessage = (event: TaskEvent): boolean =>
  event.kind !== 'artifact' && (event.kind !== 'status' || hasBody(event))

const contextEvent = (head: TaskHead, event: TaskEvent): ContextEvent => ({
  taskId: head.id,
  agentId: head.agentId,
  event,
})

const placeOf = (head: TaskHead): ListPosition => ({ at: head.statusAt, id: head.id })

const eventPlace = (entry: ContextEvent): ListPosition => ({ at: entry.event.at, id: entry.taskId })

const oldestFirst = (a: ListPosition, b: ListPosition): number => a.at - b.at || compareText(a.id, b.id)

const newestFirst = (a: ListPosition, b: ListPosition): number => oldestFirst(b, a)
