import { TaskState } from '@a2a-js/sdk'
import { numberAt, type Order } from '../order.ts'
import { textPart } from '../parts.ts'
import type { Skill } from '../skill.ts'
import { echo } from './answers.ts'

const MAX_EVENTS = 10_000
const DEFAULT_EVENTS = 3

/** How long a dropped task goes on after its last chunk: time to resume its stream and see it end. */
const DEFAULT_AFTERMATH_MS = 500
const MAX_AFTERMATH_MS = 3_600_000

/** After how many events `drop` cuts the connection. */
export const eventsBeforeDrop = (order: Order): number =>
  Math.max(1, numberAt(order, 0, DEFAULT_EVENTS, MAX_EVENTS))

const drop: Skill = {
  id: 'drop',
  description:
    'Cuts the connection after that many events; the task goes on and completes that many ms later.',
  tags: ['breakdown', 'streaming'],
  example: 'drop 3 500',
  run: async ({ order, artifact, wait, complete }) => {
    const chunks = eventsBeforeDrop(order)
    for (let i = 1; i <= chunks; i++) {
      artifact([textPart(`chunk ${i} `)], { append: i > 1, lastChunk: i === chunks })
    }
    await wait(numberAt(order, 1, DEFAULT_AFTERMATH_MS, MAX_AFTERMATH_MS))
    complete('Done, after the connection was cut.')
  },
}

const dropOnce: Skill = {
  ...drop,
  id: 'droponce',
  description: 'Like drop, but only the first time a messageId arrives.',
  example: 'droponce 3 500',
}

/** `crash` ends the process once the task has been announced. */
const createCrash = (crash: () => void): Skill => ({
  id: 'crash',
  description: 'Announces the task, then the whole agent process dies.',
  tags: ['breakdown'],
  example: 'crash',
  run: async ({ status, wait }) => {
    status(TaskState.TASK_STATE_WORKING)
    await wait(50)
    crash()
  },
})

/**
 * These go wrong below A2A, in `faults.ts`. They run here only when their words make no sense there, and echo then.
 */
const WIRE_FAULTS: readonly Skill[] = [
  {
    id: 'hang',
    description: 'Accepts the call and never sends a byte.',
    tags: ['breakdown', 'wire'],
    example: 'hang',
    run: echo.run,
  },
  {
    id: 'garbage',
    description: 'Answers 200 with what is not A2A: html, json, state, shape, or huge for an endless body.',
    tags: ['breakdown', 'wire'],
    example: 'garbage html',
    run: echo.run,
  },
  {
    id: 'status',
    description: 'Answers with that HTTP status from 400 to 599; 429 says Retry-After: 1.',
    tags: ['breakdown', 'wire'],
    example: 'status 503',
    run: echo.run,
  },
]

export const createBreakdowns = (crash: () => void): readonly Skill[] => [
  drop,
  dropOnce,
  createCrash(crash),
  ...WIRE_FAULTS,
]
