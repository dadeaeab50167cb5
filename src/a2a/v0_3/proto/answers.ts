import { membersOf, objectText } from '../../json-text.ts'
import type { StreamOperation } from '../../operation.ts'
import type { Check } from '../../wire.ts'
import { decodeArtifactUpdate, decodeMessage, decodeStatusUpdate, decodeTask } from '../decode.ts'
import { encodeArtifactUpdate, encodeMessage, encodeStatusUpdate, encodeTask } from '../encode.ts'
import { checked, type DecodeAnswer } from '../legacy-dialect.ts'
import { readMembers } from '../read.ts'
import type { Shape } from '../shape.ts'

/** What an agent says, told apart by the member that holds it, as 1.0 has it. */
export const decodeAnswer = (shape: Shape, check: Check<unknown>): DecodeAnswer =>
  checked(shape.nameOf, check, (text) => {
    const { task, message, statusUpdate, artifactUpdate } = Object.fromEntries(
      readMembers(text, shape.nameOf),
    )
    return objectText([
      ['task', task && decodeTask(shape, task)],
      ['message', message && decodeMessage(shape, message)],
      ['statusUpdate', statusUpdate && decodeStatusUpdate(shape, statusUpdate)],
      ['artifactUpdate', artifactUpdate && decodeArtifactUpdate(shape, artifactUpdate)],
    ])
  })

/** A 1.0 StreamResponse or SendMessageResponse. */
export function encodeAnswer(shape: Shape, text: string, operation: StreamOperation): string {
  const { task, message, statusUpdate, artifactUpdate } = Object.fromEntries(membersOf(text))
  return objectText([
    ['task', task && encodeTask(shape, task)],
    ['message', message && encodeMessage(shape, message)],
    ['statusUpdate', statusUpdate && encodeStatusUpdate(shape, statusUpdate, operation)],
    ['artifactUpdate', artifactUpdate && encodeArtifactUpdate(shape, artifactUpdate)],
  ])
}
