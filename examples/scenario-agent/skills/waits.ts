import { TaskState } from '@a2a-js/sdk'
import { firstText, numberAt } from '../order.ts'
import { textPart } from '../parts.ts'
import type { Skill } from '../skill.ts'

const MAX_WAIT_MS = 3_600_000
const MAX_UPDATES = 10_000

const slow: Skill = {
  id: 'slow',
  description: 'Works for the given milliseconds, then completes; can be cancelled meanwhile.',
  tags: ['time'],
  example: 'slow 2000',
  run: async ({ order, status, wait, complete }) => {
    status(TaskState.TASK_STATE_WORKING, 'Working.')
    await wait(numberAt(order, 0, 2000, MAX_WAIT_MS))
    complete('Done.')
  },
}

const quiet: Skill = {
  id: 'quiet',
  description: 'Says nothing for the given milliseconds while it works, then completes.',
  tags: ['time'],
  example: 'quiet 5000',
  run: async ({ order, status, wait, complete }) => {
    status(TaskState.TASK_STATE_WORKING)
    await wait(numberAt(order, 0, 5000, MAX_WAIT_MS))
    complete()
  },
}

const stubborn: Skill = {
  id: 'stubborn',
  description: 'Refuses to be cancelled and completes after the given milliseconds.',
  tags: ['time', 'cancel'],
  example: 'stubborn 3000',
  cancelable: false,
  run: async ({ order, status, wait, complete }) => {
    status(TaskState.TASK_STATE_WORKING, 'Working, and not to be stopped.')
    await wait(numberAt(order, 0, 3000, MAX_WAIT_MS))
    complete('Done.')
  },
}

const progress: Skill = {
  id: 'progress',
  description: 'Sends that many working updates with messages, ms apart, then completes.',
  tags: ['time', 'streaming'],
  example: 'progress 3 50',
  run: async ({ order, status, wait, complete }) => {
    const steps = numberAt(order, 0, 3, MAX_UPDATES)
    const gapMs = numberAt(order, 1, 50, MAX_WAIT_MS)
    for (let step = 1; step <= steps; step++) {
      status(TaskState.TASK_STATE_WORKING, `Step ${step} of ${steps}.`)
      await wait(gapMs)
    }
    complete('Done.')
  },
}

const input: Skill = {
  id: 'input',
  description: 'Asks a question; the next message on the task completes it with the answer quoted.',
  tags: ['conversation'],
  example: 'input',
  run: ({ status }) => status(TaskState.TASK_STATE_INPUT_REQUIRED, 'Which colour would you like?'),
}

const auth: Skill = {
  id: 'auth',
  description: 'Needs authorisation, which arrives by itself after the given milliseconds; then completes.',
  tags: ['conversation', 'time'],
  example: 'auth 1500',
  run: async ({ order, status, wait, complete }) => {
    status(TaskState.TASK_STATE_AUTH_REQUIRED, 'Please authorise this out of band.')
    await wait(numberAt(order, 0, 1500, MAX_WAIT_MS))
    status(TaskState.TASK_STATE_WORKING, 'Authorised.')
    complete('Done.')
  },
}

/** What a message on an existing task does, whatever its words. Not listed on the card. */
export const answer: Skill = {
  id: 'answer',
  description: 'Completes the task with the message quoted.',
  tags: ['conversation'],
  example: 'blue',
  run: ({ message, artifact, complete }) => {
    const text = `You said: ${firstText(message)}`
    artifact([textPart(text)])
    complete(text)
  },
}

export const WAITS: readonly Skill[] = [slow, quiet, stubborn, progress, input, auth]
