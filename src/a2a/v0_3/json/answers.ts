import { membersOf, objectText } from '../../json-text.ts'
import type { StreamOperation } from '../../operation.ts'
import { type Check, invalidParams } from '../../wire.ts'
import { decodeArtifactUpdate, decodeMessage, decodeStatusUpdate, decodeTask } from '../decode.ts'
import { encodeArtifactUpdate, encodeMessage, encodeStatusUpdate, encodeTask } from '../encode.ts'
import type { DecodeAnswer } from '../legacy-dialect.ts'
import { checkAs } from '../read.ts'
import type { Kind } from '../shape.ts'
import { agentMessage, task, taskArtifactUpdateEvent, taskStatusUpdateEvent } from './schema.ts'
import { SHAPE } from './shape.ts'

/** What an agent says, told apart by `kind`: a member of 1.0's StreamResponse each. */
type AnswerForm = {
  readonly member: string
  readonly check: Check<unknown>
  readonly decode: (text: string) => string
}

const ANSWERS: Readonly<Record<Kind, AnswerForm>> = {
  task: { member: 'task', check: task, decode: (text) => decodeTask(SHAPE, text) },
  message: { member: 'message', check: agentMessage, decode: (text) => decodeMessage(SHAPE, text) },
  'status-update': {
    member: 'statusUpdate',
    check: taskStatusUpdateEvent,
    decode: (text) => decodeStatusUpdate(SHAPE, text),
  },
  'artifact-update': {
    member: 'artifactUpdate',
    check: taskArtifactUpdateEvent,
    decode: (text) => decodeArtifactUpdate(SHAPE, text),
  },
}

/** A bare object of one of these kinds as the member of 1.0 that holds it. Throws `invalid_params` for anything else. */
export const decodeAnswer =
  (kinds: readonly Kind[]): DecodeAnswer =>
  ({ value, text }) => {
    const kind = kindOf(value)
    if (kind === undefined || !kinds.includes(kind)) {
      throw invalidParams([{ pointer: '/kind', code: 'enum', message: `must be one of ${kinds.join(', ')}` }])
    }
    const form = ANSWERS[kind]
    checkAs(form.check, value)
    return objectText([[form.member, form.decode(text)]])
  }

/** What `kind` says, else what the members are typical of. */
function kindOf(value: unknown): Kind | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const has = (name: string): boolean => (Reflect.get(value, name) ?? null) !== null
  if (has('kind'))
    return Object.keys(ANSWERS).find((kind): kind is Kind => kind === Reflect.get(value, 'kind'))
  if (has('artifact')) return 'artifact-update'
  if (has('status')) return has('id') ? 'task' : 'status-update'
  return has('messageId') ? 'message' : undefined
}

/** The member of a 1.0 StreamResponse or SendMessageResponse, bare. */
export function encodeAnswer(text: string, operation: StreamOperation): string {
  const { task, message, statusUpdate, artifactUpdate } = Object.fromEntries(membersOf(text))
  if (task !== undefined) return encodeTask(SHAPE, task)
  if (message !== undefined) return encodeMessage(SHAPE, message)
  if (statusUpdate !== undefined) return encodeStatusUpdate(SHAPE, statusUpdate, operation)
  return encodeArtifactUpdate(SHAPE, artifactUpdate ?? '{}')
}
