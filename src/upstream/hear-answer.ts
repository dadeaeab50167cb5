import type { Message } from '../a2a/message.ts'
import type { StreamResponse } from '../a2a/task.ts'
import { isSettled, type TaskState } from '../a2a/task-state.ts'

/** Of what an agent says, no more than this is looked at. */
const MAX_CHARS = 1024 * 1024

/** What an agent has said so far to one message, in whatever form. */
export type HeardAnswer = {
  readonly hear: (said: StreamResponse) => void
  /** The agent's id of the task, if it made one. */
  readonly taskId: string | undefined
  readonly state: TaskState | undefined
  /** There is nothing more to wait for. */
  readonly isSettled: () => boolean
  /** Of messages and artifacts, as far as that is text. */
  readonly text: () => string
}

export function hearAnswer(): HeardAnswer {
  let taskId: string | undefined
  let state: TaskState | undefined
  let isMessage = false
  let chars = 0
  const words: string[] = []
  const artifacts = new Map<string, string>()

  const add = (artifactId: string, parts: Message['parts'], isAppended: boolean) => {
    const text = textOf(parts)
    chars += text.length
    if (chars > MAX_CHARS) return
    artifacts.set(artifactId, isAppended ? `${artifacts.get(artifactId) ?? ''}${text}` : text)
  }
  const say = (message: Message | undefined) => {
    if (message === undefined) return
    const text = textOf(message.parts)
    chars += text.length
    if (chars <= MAX_CHARS) words.push(text)
  }

  /** A whole task says all of it again. */
  const forget = () => {
    chars = 0
    words.length = 0
    artifacts.clear()
  }

  return {
    hear({ task, message, statusUpdate, artifactUpdate }) {
      taskId = task?.id ?? statusUpdate?.taskId ?? artifactUpdate?.taskId ?? taskId
      state = task?.status.state ?? statusUpdate?.status.state ?? state
      isMessage ||= message !== undefined
      if (task !== undefined) forget()
      say(message ?? task?.status.message ?? statusUpdate?.status.message)
      for (const { artifactId, parts } of task?.artifacts ?? []) add(artifactId, parts, false)
      if (artifactUpdate !== undefined) {
        const { artifact, append } = artifactUpdate
        add(artifact.artifactId, artifact.parts, append === true)
      }
    },
    get taskId() {
      return taskId
    },
    get state() {
      return state
    },
    isSettled: () => isMessage || (state !== undefined && isSettled(state)),
    text: () => [...words, ...artifacts.values()].join('\n'),
  }
}

const textOf = (parts: Message['parts']): string => parts.map(({ text }) => text ?? '').join('\n')
