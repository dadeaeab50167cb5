import type { Change } from './change.ts'

/**
 * A place in a tenant's feed, as text that only its backend reads. What was written later than what a reader has been
 * shown always comes after the reader's place, whichever process wrote it. That may be a number, where writes follow
 * one another, or how far each writer's changes were read, where they do not.
 */
export type ChangePosition = string

export type PlacedChange = { readonly change: Change; readonly position: ChangePosition }

/**
 * The change feed. Commits of agents and of their health append to it in their own atomic write; the changes of one
 * agent come in the order of its commits. It is pruned from the oldest on, and outlives its agents.
 */
export interface ChangeStore {
  /** Oldest first, from the oldest kept when `after` is absent. `pruned` when changes after `after` are gone. */
  list(tenant: string, limit: number, after?: ChangePosition): Promise<readonly PlacedChange[] | 'pruned'>
  /** Behind everything that was written before it was asked for. */
  end(tenant: string): Promise<ChangePosition>
  /** Whether the change at `position` was there when `end` was asked for, whatever the clocks say. */
  isBefore(position: ChangePosition, end: ChangePosition): boolean
  /** Of each of these agents the change that says it is gone, where that is kept. */
  findUnregistered(tenant: string, ids: readonly string[]): Promise<readonly Change[]>
  /** Removes changes of before `before`, from the oldest on, about `limit` at most. Answers how many it removed. */
  prune(before: number, limit: number): Promise<number>
}
