import type { JsonText } from '../a2a/json-text.ts'
import type { Task } from '../a2a/task.ts'
import type { TaskHead } from './task-head.ts'

/** Whole tasks as rendered text, while they do not change: a finished task that is asked for often is assembled once. */
export interface RenderedTasks {
  /** The text of exactly this version, if it is remembered. */
  find(head: TaskHead): JsonText<Task> | undefined
  remember(head: TaskHead, text: JsonText<Task>): void
}

const MAX_CHARACTERS = 8 * 1024 * 1024
/** A larger task would push out too many others. */
const MAX_TASK_CHARACTERS = 256 * 1024

/** Remembers what was used last, up to a fixed size. */
export function createRenderedTasks(): RenderedTasks {
  const known = new Map<string, { readonly version: number; readonly text: JsonText<Task> }>()
  let size = 0
  const forget = (id: string) => {
    size -= known.get(id)?.text.length ?? 0
    known.delete(id)
  }
  return {
    find({ id, version }) {
      const found = known.get(id)
      if (found?.version !== version) return undefined
      known.delete(id)
      known.set(id, found)
      return found.text
    },
    remember({ id, version }, text) {
      forget(id)
      if (text.length > MAX_TASK_CHARACTERS) return
      known.set(id, { version, text })
      size += text.length
      for (const oldest of known.keys()) {
        if (size <= MAX_CHARACTERS) return
        forget(oldest)
      }
    },
  }
}
