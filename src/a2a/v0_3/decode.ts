/**
 * What an agent or a client of 0.3 wrote → wire JSON of 1.0. Everything here expects text whose value was checked
 * against the schema of its shape, and is liberal about what agents leave out.
 */
import { mapElements, objectText } from '../json-text.ts'
import { readMembers } from './read.ts'
import { type Shape, wordIn } from './shape.ts'
import { timestampText } from './timestamp.ts'
import { unknownMembers } from './unknown-members.ts'

/** An agent's message with no parts still says something by its metadata, and 1.0 wants a part. */
const NO_PARTS = '[{"text":""}]'

/** A task whose state is not known has not ended, as far as anybody knows: it goes on being asked about. */
const UNKNOWN_STATE = 'TASK_STATE_WORKING'

export function decodeMessage(shape: Shape, text: string): string {
  const message = readMembers(text, shape.nameOf)
  const parts = mapElements(message.get(shape.partsOfMessage) ?? '[]', shape.decodePart)
  return objectText([
    ['messageId', message.get('messageId')],
    ['contextId', message.get('contextId')],
    ['taskId', message.get('taskId')],
    ['role', wordIn(shape.roles.toV1, message.get('role'), 'ROLE_AGENT')],
    ['parts', parts === '[]' ? NO_PARTS : parts],
    ['metadata', message.get('metadata')],
    ['extensions', message.get('extensions')],
    ['referenceTaskIds', message.get('referenceTaskIds')],
    ...unknownMembers(shape, 'message', message),
  ])
}

export function decodeTask(shape: Shape, text: string): string {
  const task = readMembers(text, shape.nameOf)
  const artifacts = task.get('artifacts')
  const history = task.get('history')
  return objectText([
    ['id', task.get('id')],
    ['contextId', task.get('contextId')],
    ['status', decodeStatus(shape, task.get('status') ?? '{}')],
    ['artifacts', artifacts && mapElements(artifacts, (artifact) => decodeArtifact(shape, artifact))],
    ['history', history && mapElements(history, (message) => decodeMessage(shape, message))],
    ['metadata', task.get('metadata')],
    ...unknownMembers(shape, 'task', task),
  ])
}

export function decodeStatusUpdate(shape: Shape, text: string): string {
  const event = readMembers(text, shape.nameOf)
  return objectText([
    ['taskId', event.get('taskId')],
    ['contextId', event.get('contextId')],
    ['status', decodeStatus(shape, event.get('status') ?? '{}')],
    ['metadata', event.get('metadata')],
    ...unknownMembers(shape, 'status-update', event),
  ])
}

export function decodeArtifactUpdate(shape: Shape, text: string): string {
  const event = readMembers(text, shape.nameOf)
  return objectText([
    ['taskId', event.get('taskId')],
    ['contextId', event.get('contextId')],
    ['artifact', decodeArtifact(shape, event.get('artifact') ?? '{}')],
    ['append', event.get('append')],
    ['lastChunk', event.get('lastChunk')],
    ['metadata', event.get('metadata')],
    ...unknownMembers(shape, 'artifact-update', event),
  ])
}

function decodeStatus(shape: Shape, text: string): string {
  const status = readMembers(text, shape.nameOf)
  const message = status.get('message')
  const timestamp = status.get('timestamp')
  return objectText([
    ['state', wordIn(shape.states.toV1, status.get('state'), UNKNOWN_STATE)],
    ['message', message && decodeMessage(shape, message)],
    ['timestamp', timestamp && timestampText(timestamp)],
    ...unknownMembers(shape, 'status', status),
  ])
}

function decodeArtifact(shape: Shape, text: string): string {
  const artifact = readMembers(text, shape.nameOf)
  return objectText([
    ['artifactId', artifact.get('artifactId')],
    ['name', artifact.get('name')],
    ['description', artifact.get('description')],
    ['parts', mapElements(artifact.get('parts') ?? '[]', shape.decodePart)],
    ['metadata', artifact.get('metadata')],
    ['extensions', artifact.get('extensions')],
    ...unknownMembers(shape, 'artifact', artifact),
  ])
}
