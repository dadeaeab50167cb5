import type { TaskId } from '../a2a/ids.ts'

/** What a backend tells of changes. May be lost or repeated: it saves a reader from polling, and nothing rests on it. */
export type Hint =
  | { readonly kind: 'task'; readonly taskId: string }
  | { readonly kind: 'work' }
  /** The change feed of a tenant has grown. */
  | { readonly kind: 'changes' }
  /** Something changed and the backend cannot say what. */
  | { readonly kind: 'any' }

/**
 * Something to await while a task, or the change feed, may change. Made before it is read, so that nothing falls
 * between.
 */
export interface Watch extends Disposable {
  /** Resolves at the next news since the last call, at once when there was some; rejects when `signal` aborts. */
  changed(signal: AbortSignal): Promise<void>
}

export interface News {
  watch(id: TaskId): Watch
  /** Of the change feed. */
  watchChanges(): Watch
  /** Wakes every watcher, with news or without. */
  tellAll(): void
}

/** What watchers of the change feed wait for, whatever ids tasks have. */
const CHANGES = Symbol('changes')

/** Hints may be lost, so every watcher looks again after this long in any case. */
const RECHECK_MS = 2000

/**
 * Tells watchers of a task that its log may have grown, and those of the change feed that it has, until `signal`
 * aborts. One consumer of hints serves any number of watchers.
 */
export function createNews(hints: AsyncIterable<Hint>, signal: AbortSignal): News {
  const watchers = new Map<string | typeof CHANGES, Set<NewsWatch>>()
  const tell = (key: string | typeof CHANGES) => {
    for (const watch of watchers.get(key) ?? []) watch.tell()
  }
  const tellAll = () => {
    for (const set of watchers.values()) for (const watch of set) watch.tell()
  }
  const recheck = setInterval(tellAll, RECHECK_MS)
  recheck.unref()
  signal.addEventListener('abort', () => clearInterval(recheck), { once: true })

  void (async () => {
    for await (const hint of hints) {
      if (hint.kind === 'any') tellAll()
      else if (hint.kind === 'task') tell(hint.taskId)
      else if (hint.kind === 'changes') tell(CHANGES)
    }
  })().catch(() => {
    // The stream of hints ended with the process's shutdown, or failed: the recheck interval still serves.
  })

  const watchOf = (key: string | typeof CHANGES): Watch => {
    const set = watchers.get(key) ?? new Set()
    watchers.set(key, set)
    const watch = new NewsWatch(() => {
      set.delete(watch)
      if (set.size === 0 && watchers.get(key) === set) watchers.delete(key)
    })
    set.add(watch)
    return watch
  }

  return { tellAll, watch: watchOf, watchChanges: () => watchOf(CHANGES) }
}

class NewsWatch implements Watch {
  readonly #forget: () => void
  #news = false
  #wake: (() => void) | undefined

  constructor(forget: () => void) {
    this.#forget = forget
  }

  tell(): void {
    this.#news = true
    this.#wake?.()
  }

  async changed(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (!this.#news) {
      await new Promise<void>((resolve, reject) => {
        const abort = () => reject(signal.reason)
        signal.addEventListener('abort', abort, { once: true })
        this.#wake = () => {
          signal.removeEventListener('abort', abort)
          resolve()
        }
      })
    }
    this.#news = false
    this.#wake = undefined
  }

  [Symbol.dispose](): void {
    this.#forget()
  }
}
