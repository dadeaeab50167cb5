import { TaskState } from '@a2a-js/sdk'
import { textPart } from '../parts.ts'
import type { Skill } from '../skill.ts'

/** The text comes back as an artifact and as the final status message. */
export const echo: Skill = {
  id: 'echo',
  description: 'Completes with the text as an artifact and as the status message.',
  tags: ['answer'],
  example: 'echo hello',
  run: ({ order, artifact, complete }) => {
    artifact([textPart(order.text)])
    complete(order.text)
  },
}

const message: Skill = {
  id: 'message',
  description: 'Answers with a plain message; no task is made.',
  tags: ['answer'],
  example: 'message hello',
  answersWith: 'message',
  run: ({ order, reply }) => reply(order.text),
}

const reject: Skill = {
  id: 'reject',
  description: 'Rejects the task.',
  tags: ['answer', 'ends'],
  example: 'reject',
  run: ({ status }) => status(TaskState.TASK_STATE_REJECTED, 'This agent will not do that.'),
}

const fail: Skill = {
  id: 'fail',
  description: 'Fails the task with a message.',
  tags: ['answer', 'ends'],
  example: 'fail',
  run: ({ status }) => status(TaskState.TASK_STATE_FAILED, 'This agent could not do that.'),
}

export const ANSWERS: readonly Skill[] = [echo, message, reject, fail]
