const ENDS = [
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
] as const
const WAITS = ['TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_AUTH_REQUIRED'] as const

/**
 * The life of a task as data: which state may follow which. Code, property tests and the diagram in
 * ARCHITECTURE.md derive from this table. A client's message sends an interrupted task back to SUBMITTED.
 */
export const TRANSITIONS = {
  TASK_STATE_SUBMITTED: ['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING', ...WAITS, ...ENDS],
  TASK_STATE_WORKING: ['TASK_STATE_WORKING', ...WAITS, ...ENDS],
  TASK_STATE_INPUT_REQUIRED: ['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING', ...WAITS, ...ENDS],
  TASK_STATE_AUTH_REQUIRED: ['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING', ...WAITS, ...ENDS],
  TASK_STATE_COMPLETED: [],
  TASK_STATE_FAILED: [],
  TASK_STATE_CANCELED: [],
  TASK_STATE_REJECTED: [],
} as const satisfies Record<string, readonly string[]>

export type TaskState = keyof typeof TRANSITIONS

export const TASK_STATES = Object.keys(TRANSITIONS) as readonly TaskState[]

/** Terminal tasks are immutable: no later event, message or cancel changes them (A2A 1.0 §3.1.1). */
export const isTerminal = (state: TaskState): boolean => TRANSITIONS[state].length === 0

/** Interrupted tasks wait for somebody: the client's next message, or credentials given out of band (§7.6). */
export const isInterrupted = (state: TaskState): boolean =>
  state === 'TASK_STATE_INPUT_REQUIRED' || state === 'TASK_STATE_AUTH_REQUIRED'

/** A blocking send returns when the task settles: terminal or interrupted (§3.2.2). */
export const isSettled = (state: TaskState): boolean => isTerminal(state) || isInterrupted(state)

export const canFollow = (from: TaskState, to: TaskState): boolean =>
  (TRANSITIONS[from] as readonly TaskState[]).includes(to)
