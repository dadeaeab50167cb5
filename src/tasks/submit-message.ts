import { hash } from 'node:crypto'
import { contextId, type TaskId, taskId } from '../a2a/ids.ts'
import { membersOf, objectText, textOf, withMembers } from '../a2a/json-text.ts'
import type { SendMessageRequest } from '../a2a/requests.ts'
import { isTerminal } from '../a2a/task-state.ts'
import type { Wire } from '../a2a/wire.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import { type Agent, cardOf } from '../registry/agent.ts'
import type { Claim, NewWork } from '../work/work.ts'
import { withCaller } from './caller.ts'
import type { TasksDeps } from './deps.ts'
import type { NewEvent } from './evolve.ts'
import { getOwnHead } from './own-task.ts'
import type { TaskEvent } from './task-event.ts'
import type { TaskHead } from './task-head.ts'
import type { IdempotencyRecord } from './task-store.ts'
import type { SendOptions } from './tasks.ts'
import { commitOf, deadlineWork, writeTask } from './write-task.ts'

/** A message that is durable: which task it went to, and the seq of its event. */
export type Submission = {
  readonly taskId: TaskId
  readonly seq: number
  /** The head as this request wrote it; absent for a repeated request. */
  readonly head?: TaskHead
  /** The whole log, when this request began it. */
  readonly log?: readonly TaskEvent[]
  /** Present when the request carries an idempotency key. */
  readonly record?: IdempotencyRecord
}

/** An exchange nobody decides becomes a task a little after the longest wait for it is over. */
export const UNDECIDED_GRACE_MS = 10_000

/**
 * Writes a client's message down: as a new task, or on the task it names. Throws before anything is written, or
 * returns once it is durable. A repeated idempotency key leads to the first request's submission.
 */
export async function submitMessage(
  deps: TasksDeps,
  call: Call,
  agent: Agent,
  request: Wire<SendMessageRequest>,
  options: SendOptions & { readonly decided: boolean },
): Promise<Submission> {
  refuseUnsupported(request.value)
  const extensions = extensionsFor(agent, options.extensions ?? [])
  const idempotency = idempotencyOf(deps, call, agent, request, options)
  if (idempotency !== undefined) {
    const known = await deps.store.findIdempotency(idempotency.scope, deps.now())
    if (known !== undefined) return repeated(known, idempotency)
  }
  await requireReferences(deps, call, agent, request.value)
  const sent: Sent = { request, extensions }
  return request.value.message.taskId
    ? continueTask(deps, call, agent, sent, request.value.message.taskId, idempotency)
    : createTask(deps, call, agent, sent, options.decided, idempotency)
}

/** Messages that may wait for the agent on one task. */
const MAX_UNSENT = 100

/** What a client sent, as far as it is kept. */
type Sent = {
  readonly request: Wire<SendMessageRequest>
  /** Those the client declared that are of the agent's card. */
  readonly extensions: readonly string[]
}

type PendingRecord = Omit<IdempotencyRecord, 'taskId' | 'seq'>

async function createTask(
  deps: TasksDeps,
  call: Call,
  agent: Agent,
  sent: Sent,
  decided: boolean,
  pending: PendingRecord | undefined,
): Promise<Submission> {
  const now = deps.now()
  const id = taskId(deps.newId())
  const context = contextId(sent.request.value.message.contextId || deps.newId())
  const claim = deps.worker?.reserve(agent.id)
  const record = pending && { ...pending, taskId: id, seq: 1 }
  const commit = commitOf(deps, newHead(call, agent, { id, context, now, decided }), {
    entries: [messageEvent('submitted', sent, id, context)],
    head: (head) => (claim === undefined ? head : withSending(head, 1, now)),
    work: [
      sendWork(id, agent, now, claim),
      deadlineWork(id, now + (decided ? deps.limits.staleMs : deps.limits.maxWaitMs + UNDECIDED_GRACE_MS)),
    ],
    context: {
      tenant: call.principal.tenant,
      owner: call.principal.subject,
      agentId: agent.id,
      contextId: context,
      createdAt: now,
      lastAt: now,
    },
    ...(record === undefined ? {} : { idempotency: record }),
  })
  const result = await deps.store.commit(commit).catch((error: unknown) => {
    if (claim !== undefined) deps.worker?.abandon(agent.id)
    throw error
  })
  if (result.kind !== 'committed') {
    if (claim !== undefined) deps.worker?.abandon(agent.id)
    if (result.kind === 'duplicate' && pending !== undefined) return repeated(result.record, pending)
    throw new ParleyError('internal', 'Internal error', { cause: new Error(`new task: ${result.kind}`) })
  }
  if (claim !== undefined) deps.worker?.begin(id, agent.id, claim)
  reportAccepted(deps, call, commit.head)
  return {
    taskId: id,
    seq: 1,
    head: commit.head,
    log: commit.events,
    ...(record === undefined ? {} : { record }),
  }
}

async function continueTask(
  deps: TasksDeps,
  call: Call,
  agent: Agent,
  sent: Sent,
  id: string,
  pending: PendingRecord | undefined,
): Promise<Submission> {
  const { request } = sent
  const own = await getOwnHead(deps, call, agent, id)
  const asked = request.value.message.contextId
  if (asked && asked !== own.contextId) {
    const violation = {
      pointer: '/message/contextId',
      code: 'mismatch',
      message: 'is not the context of the task',
    }
    throw new ParleyError('invalid_params', `${violation.pointer} ${violation.message}`, {
      violations: [violation],
    })
  }
  const now = deps.now()
  const result = await writeTask(deps, own.id, (head) => {
    if (isTerminal(head.state)) {
      throw new ParleyError(
        'unsupported_operation',
        'The task has ended and takes no more messages: start a new task with the same contextId',
        { details: { taskId: head.id } },
      )
    }
    if (head.delivery.unsent.length >= MAX_UNSENT) {
      throw new ParleyError('too_many_requests', 'Too many messages of this task wait for its agent', {
        details: { taskId: head.id },
        retryAfterMs: 1000,
      })
    }
    if (head.bytes + Buffer.byteLength(request.text) > deps.limits.maxTaskBytes) {
      throw new ParleyError(
        'payload_too_large',
        `The task would grow beyond ${deps.limits.maxTaskBytes} bytes`,
        {
          details: { taskId: head.id },
        },
      )
    }
    return {
      entries: [
        {
          ...messageEvent('message', sent, head.id, head.contextId),
          state: head.state === 'TASK_STATE_WORKING' ? head.state : 'TASK_STATE_SUBMITTED',
        },
      ],
      head: (known) => withCaller(known, call.principal),
      work: [sendWork(head.id, agent, now)],
      context: {
        tenant: head.tenant,
        owner: head.owner,
        agentId: head.agentId,
        contextId: head.contextId,
        createdAt: now,
        lastAt: now,
      },
      ...(pending === undefined ? {} : { idempotency: { ...pending, taskId: head.id, seq: head.seq + 1 } }),
    }
  })
  if (result.kind === 'duplicate' && pending !== undefined) return repeated(result.record, pending)
  if (result.kind !== 'written') {
    throw new ParleyError('task_not_found', 'Task not found', { details: { taskId: id } })
  }
  reportAccepted(deps, call, result.head)
  const { seq } = result.head
  return {
    taskId: own.id,
    seq,
    head: result.head,
    ...(pending === undefined ? {} : { record: { ...pending, taskId: own.id, seq } }),
  }
}

/** The head with a message whose sending has begun: from here on a crash leaves its outcome unknown. */
export const withSending = (head: TaskHead, seq: number, at: number): TaskHead => ({
  ...head,
  delivery: { ...head.delivery, sending: { seq, at } },
})

export const sendWork = (id: TaskId, agent: Pick<Agent, 'id'>, dueAt: number, claim?: Claim): NewWork => ({
  kind: 'send',
  key: id,
  lane: agent.id,
  dueAt,
  ...(claim === undefined ? {} : { claim }),
})

function newHead(
  call: Call,
  agent: Agent,
  facts: { id: TaskId; context: TaskHead['contextId']; now: number; decided: boolean },
): TaskHead {
  const head: TaskHead = {
    id: facts.id,
    tenant: call.principal.tenant,
    owner: call.principal.subject,
    agentId: agent.id,
    contextId: facts.context,
    phase: facts.decided ? 'task' : 'undecided',
    version: 0,
    seq: 0,
    createdAt: facts.now,
    at: 0,
    state: 'TASK_STATE_SUBMITTED',
    statusSeq: 0,
    statusAt: 0,
    artifacts: [],
    bytes: 0,
    delivery: { unsent: [] },
    ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
  }
  return withCaller(head, call.principal)
}

/** The client's message with the ids it now has, everything else byte for byte; the rest of the request is the trailer. */
function messageEvent(
  kind: 'submitted' | 'message',
  { request, extensions }: Sent,
  id: TaskId,
  context: TaskHead['contextId'],
): NewEvent {
  const members = membersOf(request.text)
  const rest = objectText([
    ...[...members].filter(([key]) => key === 'metadata' || key === 'configuration'),
    ['extensions', extensions.length === 0 ? undefined : textOf(extensions)],
  ]).slice(1, -1)
  return {
    kind,
    state: 'TASK_STATE_SUBMITTED',
    header: '',
    body: withMembers(members.get('message') ?? '{}', { contextId: textOf(context), taskId: textOf(id) }),
    trailer: rest === '' ? '' : `,${rest}`,
  }
}

/** Throws for what no agent is offered with. */
export function refuseUnsupported(request: SendMessageRequest): void {
  if (request.configuration?.taskPushNotificationConfig !== undefined) {
    throw new ParleyError('push_notification_not_supported', 'Push notifications are not supported yet')
  }
}

/**
 * The declared extensions that the agent's card has; any other is ignored (A2A 1.0 §4.6.3). What the card requires must be
 * among them (§3.3.4).
 */
function extensionsFor(agent: Agent, declared: readonly string[]): readonly string[] {
  const { extensions = [] } = cardOf(agent).capabilities
  const missing = extensions.filter(({ uri, required }) => required === true && !declared.includes(uri))
  if (missing.length === 0) return declared.filter((uri) => extensions.some((known) => known.uri === uri))
  const uris = missing.map(({ uri }) => uri).join(', ')
  throw new ParleyError('extension_support_required', `The agent requires extensions: ${uris}`, {
    details: { extensions: uris },
  })
}

/** Referenced tasks must be the caller's own with this agent; a foreign id is answered like an unknown one. */
async function requireReferences(
  deps: TasksDeps,
  call: Call,
  agent: Agent,
  request: SendMessageRequest,
): Promise<void> {
  for (const id of request.message.referenceTaskIds ?? []) await getOwnHead(deps, call, agent, id)
}

function idempotencyOf(
  deps: TasksDeps,
  call: Call,
  agent: Agent,
  request: Wire<SendMessageRequest>,
  options: SendOptions,
): PendingRecord | undefined {
  if (options.idempotencyKey === undefined) return undefined
  const { tenant, subject } = call.principal
  return {
    scope: sha256(JSON.stringify([tenant, subject, agent.id, options.idempotencyKey])),
    bodyHash: sha256(request.text),
    expiresAt: deps.now() + deps.limits.idempotencyMs,
  }
}

const sha256 = (text: string): string => hash('sha256', text)

function repeated(known: IdempotencyRecord, request: PendingRecord): Submission {
  if (known.bodyHash !== request.bodyHash) {
    throw new ParleyError('idempotency_conflict', 'This Idempotency-Key was used with a different request')
  }
  return { taskId: known.taskId, seq: known.seq, record: known }
}

function reportAccepted(deps: TasksDeps, call: Call, head: TaskHead): void {
  deps.events.messageAccepted({
    taskId: head.id,
    agentId: head.agentId,
    tenant: head.tenant,
    principal: call.principal.subject,
    requestId: call.requestId,
    ...(head.traceparent === undefined ? {} : { traceparent: head.traceparent }),
  })
}
