import { TaskState } from '@a2a-js/sdk'
import { TaskNotCancelableError } from '@a2a-js/sdk/errors'
import type { AgentExecutionEvent, AgentExecutor } from '@a2a-js/sdk/server'
import type { SkillBook } from './skill-book.ts'
import { createTurn, statusUpdate } from './turn.ts'

const INTERRUPTED = new Set([TaskState.TASK_STATE_INPUT_REQUIRED, TaskState.TASK_STATE_AUTH_REQUIRED])

type OpenTask = { readonly contextId: string; readonly cancelable: boolean; readonly stop: AbortController }

/**
 * Runs the skill that a message asks for.
 *
 * A message on a task whose skill still runs takes the task over. `signal` ends every running skill without a word.
 */
export function createExecutor(book: SkillBook, signal: AbortSignal): AgentExecutor {
  const openTasks = new Map<string, OpenTask>()

  return {
    async execute(context, bus) {
      const { taskId, contextId, task, userMessage } = context
      openTasks.get(taskId)?.stop.abort()
      const order = book.order(userMessage)
      const skill = task ? book.findFollowUp(order) : book.find(order)
      const open = { contextId, cancelable: skill.cancelable ?? true, stop: new AbortController() }
      openTasks.set(taskId, open)

      let last: TaskState | undefined
      const remember = (event: AgentExecutionEvent) => {
        if (event.kind === 'statusUpdate') last = event.data.status?.state
      }
      bus.on('event', remember)
      const turn = createTurn(context, bus, order, AbortSignal.any([signal, open.stop.signal]))
      try {
        if (skill.answersWith !== 'message') turn.accept()
        await skill.run(turn)
      } catch (reason) {
        if (!signal.aborted && !open.stop.signal.aborted) throw reason
      } finally {
        bus.off('event', remember)
        const waits = last !== undefined && INTERRUPTED.has(last)
        if (!waits && openTasks.get(taskId) === open) openTasks.delete(taskId)
      }
    },

    async cancelTask(taskId, bus) {
      const open = openTasks.get(taskId)
      if (!open?.cancelable) throw new TaskNotCancelableError(`Task ${taskId} will not be cancelled.`)
      bus.publish(statusUpdate(taskId, open.contextId, TaskState.TASK_STATE_CANCELED, 'Canceled on request.'))
      open.stop.abort()
      openTasks.delete(taskId)
    },
  }
}
