import type { Hint } from '../tasks/news.ts'

/** Hints of one process: from its own commits, and from wherever else the backend hears of some. */
export interface HintFeed {
  publish(hints: readonly Hint[]): void
  /** Hints from now on, until `signal` aborts. */
  subscribe(signal: AbortSignal): AsyncIterable<Hint>
  readonly subscribers: number
}

/** A reader that falls this many tasks behind gets one `any` instead. */
const MAX_PENDING_TASKS = 1024

/** `changed` is called whenever somebody starts or stops listening. */
export function createHintFeed(changed: () => void = () => {}): HintFeed {
  const readers = new Set<HintReader>()
  return {
    publish(hints) {
      for (const reader of readers) reader.push(hints)
    },
    subscribe(signal) {
      const reader = new HintReader()
      if (signal.aborted) {
        reader.end()
        return reader
      }
      readers.add(reader)
      signal.addEventListener(
        'abort',
        () => {
          readers.delete(reader)
          reader.end()
          changed()
        },
        { once: true },
      )
      changed()
      return reader
    },
    get subscribers() {
      return readers.size
    },
  }
}

/** What one reader has not seen yet: each task once, and never more than fits. */
class HintReader implements AsyncIterable<Hint> {
  readonly #tasks = new Set<string>()
  #hasWork = false
  #hasChanges = false
  #hasAny = false
  #ended = false
  #wake: (() => void) | undefined

  push(hints: readonly Hint[]): void {
    for (const hint of hints) this.#add(hint)
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Hint, void, undefined> {
    while (!this.#ended) {
      const hint = this.#take()
      if (hint !== undefined) yield hint
      else await this.#pushed()
    }
  }

  #add(hint: Hint): void {
    if (hint.kind === 'work') this.#hasWork = true
    else if (hint.kind === 'changes') this.#hasChanges = true
    else if (hint.kind === 'any') this.#hasAny = true
    else if (!this.#hasAny) this.#tasks.add(hint.taskId)
    if (this.#tasks.size > MAX_PENDING_TASKS) this.#hasAny = true
    if (this.#hasAny) this.#tasks.clear()
  }

  #take(): Hint | undefined {
    if (this.#hasAny) {
      this.#hasAny = false
      this.#hasWork = false
      this.#hasChanges = false
      return { kind: 'any' }
    }
    if (this.#hasWork) {
      this.#hasWork = false
      return { kind: 'work' }
    }
    if (this.#hasChanges) {
      this.#hasChanges = false
      return { kind: 'changes' }
    }
    const [taskId] = this.#tasks
    if (taskId === undefined) return undefined
    this.#tasks.delete(taskId)
    return { kind: 'task', taskId }
  }

  async #pushed(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = undefined
  }
}
