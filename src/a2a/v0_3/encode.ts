/** Wire JSON of 1.0 → what an agent or a client of 0.3 reads. Everything here expects valid text of 1.0. */
import { mapElements, membersOf, objectText } from '../json-text.ts'
import type { StreamOperation } from '../operation.ts'
import { isTerminal, type TaskState } from '../task-state.ts'
import { filled } from './read.ts'
import { type Kind, type Shape, wordIn } from './shape.ts'
import { timestampText } from './timestamp.ts'
import { unknownMembers } from './unknown-members.ts'

export function encodeMessage(shape: Shape, text: string): string {
  const message = membersOf(text)
  return objectText([
    kind(shape, 'message'),
    ['messageId', message.get('messageId')],
    ['contextId', filled(message.get('contextId'))],
    ['taskId', filled(message.get('taskId'))],
    ['role', wordIn(shape.roles.fromV1, message.get('role'), 'unknown')],
    [shape.partsOfMessage, mapElements(message.get('parts') ?? '[]', shape.encodePart)],
    ['metadata', message.get('metadata')],
    ['extensions', message.get('extensions')],
    ['referenceTaskIds', shape.isOpen ? message.get('referenceTaskIds') : undefined],
    ...unknownMembers(shape, 'message', message),
  ])
}

export function encodeTask(shape: Shape, text: string): string {
  const task = membersOf(text)
  const artifacts = task.get('artifacts')
  const history = task.get('history')
  return objectText([
    kind(shape, 'task'),
    ['id', task.get('id')],
    ['contextId', task.get('contextId')],
    ['status', encodeStatus(shape, task.get('status') ?? '{}')],
    ['artifacts', artifacts && mapElements(artifacts, (artifact) => encodeArtifact(shape, artifact))],
    ['history', history && mapElements(history, (message) => encodeMessage(shape, message))],
    ['metadata', task.get('metadata')],
    ...unknownMembers(shape, 'task', task),
  ])
}

/** `final` says that the stream ends here: at the end of the task, and where a send's stream hands over to the client. */
export function encodeStatusUpdate(shape: Shape, text: string, operation: StreamOperation): string {
  const event = membersOf(text)
  const status = event.get('status') ?? '{}'
  return objectText([
    kind(shape, 'status-update'),
    ['taskId', event.get('taskId')],
    ['contextId', event.get('contextId')],
    ['status', encodeStatus(shape, status)],
    ['final', String(endsStream(stateOf(status), operation))],
    ['metadata', event.get('metadata')],
    ...unknownMembers(shape, 'status-update', event),
  ])
}

export function encodeArtifactUpdate(shape: Shape, text: string): string {
  const event = membersOf(text)
  return objectText([
    kind(shape, 'artifact-update'),
    ['taskId', event.get('taskId')],
    ['contextId', event.get('contextId')],
    ['artifact', encodeArtifact(shape, event.get('artifact') ?? '{}')],
    ['append', event.get('append')],
    ['lastChunk', event.get('lastChunk')],
    ['metadata', event.get('metadata')],
    ...unknownMembers(shape, 'artifact-update', event),
  ])
}

function encodeStatus(shape: Shape, text: string): string {
  const status = membersOf(text)
  const message = status.get('message')
  const timestamp = status.get('timestamp')
  return objectText([
    ['state', wordIn(shape.states.fromV1, status.get('state'), 'unknown')],
    ['message', message && encodeMessage(shape, message)],
    ['timestamp', timestamp && timestampText(timestamp)],
    ...unknownMembers(shape, 'status', status),
  ])
}

function encodeArtifact(shape: Shape, text: string): string {
  const artifact = membersOf(text)
  return objectText([
    ['artifactId', artifact.get('artifactId')],
    ['name', artifact.get('name')],
    ['description', artifact.get('description')],
    ['parts', mapElements(artifact.get('parts') ?? '[]', shape.encodePart)],
    ['metadata', artifact.get('metadata')],
    ['extensions', artifact.get('extensions')],
    ...unknownMembers(shape, 'artifact', artifact),
  ])
}

const endsStream = (state: TaskState, operation: StreamOperation): boolean =>
  isTerminal(state) || (operation === 'SendStreamingMessage' && state === 'TASK_STATE_INPUT_REQUIRED')

const stateOf = (status: string): TaskState =>
  JSON.parse(membersOf(status).get('state') ?? 'null') as TaskState

const kind = (shape: Shape, name: Kind): readonly [string, string | undefined] => ['kind', shape.kindOf(name)]
