import type { Turn } from './turn.ts'

/** One behaviour of the agent, as its card lists it and as it runs. */
export type Skill = {
  readonly id: string
  readonly description: string
  readonly tags: readonly string[]
  readonly example: string
  /** Default: `task`. */
  readonly answersWith?: 'task' | 'message'
  /** Default: true. A cancel of a task that is not cancelable is refused. */
  readonly cancelable?: boolean
  readonly run: (turn: Turn) => void | Promise<void>
}
