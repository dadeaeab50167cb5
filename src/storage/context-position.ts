import type { ListPosition } from '../tasks/task-store.ts'

/** A place in a list of contexts: `id` is `<contextId>\n<agentId>`, and only a context id may hold a line break. */
export function contextPlace(position: ListPosition): {
  readonly at: number
  readonly contextId: string
  readonly agentId: string
} {
  const split = position.id.lastIndexOf('\n')
  if (split < 0) throw new TypeError('A position in a list of contexts is <contextId>\\n<agentId>')
  return { at: position.at, contextId: position.id.slice(0, split), agentId: position.id.slice(split + 1) }
}
