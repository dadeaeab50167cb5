/** Between the agent's ids and ours, on exact text: everything that is no id passes untouched. */
import { type JsonText, membersOf, objectText, textOf, withMembers } from '../a2a/json-text.ts'
import type { Message } from '../a2a/message.ts'
import type { SendMessageRequest } from '../a2a/requests.ts'
import type { NewEvent } from '../tasks/evolve.ts'
import type { TaskEvent } from '../tasks/task-event.ts'
import type { TaskHead } from '../tasks/task-head.ts'

/** The agent's own timestamp of a status; the one we show is the log's. */
const AGENT_TIMESTAMP = 'https://parley.dev/agent-timestamp'
/** Why the gateway itself ended a task. */
const FAILURE_REASON = 'https://parley.dev/reason'

/** A stored client message as the request for its agent. `references` maps our task ids to the agent's. */
export function agentRequest(
  head: TaskHead,
  event: TaskEvent,
  agentContextId: string | undefined,
  references: ReadonlyMap<string, string>,
): JsonText<SendMessageRequest> {
  const rest = membersOf(`{${event.trailer.slice(1)}}`)
  const configuration = rest.get('configuration')
  const accepted = configuration && membersOf(configuration).get('acceptedOutputModes')
  const { agentTaskId } = head.delivery
  const message = withMembers(event.body, {
    taskId: agentTaskId && textOf(agentTaskId),
    contextId: agentContextId && textOf(agentContextId),
  })
  return objectText([
    ['message', withReferences(message, references)],
    ['configuration', accepted && `{"acceptedOutputModes":${accepted}}`],
    ['metadata', rest.get('metadata')],
  ])
}

function withReferences(
  message: JsonText<Message>,
  references: ReadonlyMap<string, string>,
): JsonText<Message> {
  if (references.size === 0) return message
  const { referenceTaskIds = [] } = JSON.parse(message) as Message
  return withMembers(message, {
    referenceTaskIds: textOf(referenceTaskIds.map((id) => references.get(id) ?? id)),
  })
}

/** A message of the agent under our ids. */
export function ourMessage(
  head: TaskHead,
  text: JsonText<Message>,
  taskId: string | undefined,
): JsonText<Message> {
  const { agentTaskId } = head.delivery
  const members = membersOf(text)
  const references = members.get('referenceTaskIds')
  const known = agentTaskId === undefined ? [] : [[agentTaskId, head.id] as const]
  const changed = withMembers(text, {
    contextId: textOf(head.contextId),
    taskId: taskId && textOf(taskId),
  })
  return references === undefined ? changed : withReferences(changed, new Map(known))
}

/** A status of the agent as an event of our log. `metadata` is the update's, `taskMetadata` the task's. */
export function statusEntry(
  head: TaskHead,
  status: { readonly state: NonNullable<NewEvent['state']>; readonly text: string },
  metadata?: string,
  taskMetadata?: string,
): NewEvent {
  const members = membersOf(status.text)
  const message = members.get('message')
  const at = members.get('timestamp')
  const shown = at === undefined ? metadata : withMembers(metadata ?? '{}', { [AGENT_TIMESTAMP]: at })
  return {
    kind: 'status',
    state: status.state,
    header: taskMetadata ?? '',
    body: message === undefined ? '' : ourMessage(head, message, head.id),
    trailer: shown === undefined ? '' : `,"metadata":${shown}`,
  }
}

/** An artifact, or a chunk of one, as an event of our log. */
export function artifactEntry(
  artifact: string,
  artifactId: string,
  flags: { readonly append: boolean; readonly lastChunk: boolean },
  metadata?: string,
): NewEvent {
  const members = membersOf(artifact)
  const header = objectText([...members].filter(([key]) => key !== 'parts')).slice(1, -1)
  const parts = (members.get('parts') ?? '[]').trim().slice(1, -1).trim()
  return {
    kind: 'artifact',
    artifactId,
    append: flags.append,
    header,
    body: parts,
    trailer:
      (flags.append ? ',"append":true' : '') +
      (flags.lastChunk ? ',"lastChunk":true' : '') +
      (metadata === undefined ? '' : `,"metadata":${metadata}`),
  }
}

/** The gateway's own word that a task failed. `reason` is for programs, `text` for people. */
export function failureEntry(head: TaskHead, messageId: string, reason: string, text: string): NewEvent {
  return {
    kind: 'status',
    state: 'TASK_STATE_FAILED',
    header: '',
    body: textOf({
      messageId,
      contextId: head.contextId,
      taskId: head.id,
      role: 'ROLE_AGENT',
      parts: [{ text }],
      metadata: { [FAILURE_REASON]: reason },
    }),
    trailer: '',
  }
}
