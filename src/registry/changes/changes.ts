/**
 * What has happened to agents, for those who keep up with them.
 *
 * Owns who is told which change, and the places that readers go on from. Commits of agents and of their health write
 * the feed (`AgentCommit.changes`); it tells of agents that the reader may discover now and, of what went out of its
 * sight while it read, that it did.
 */
import type { AgentId } from '../../a2a/ids.ts'
import type { Call } from '../../access/principal.ts'
import type { Change, ChangeKind } from './change.ts'

/** Where to begin: after a cursor, with what comes from now on, or, when absent, with the oldest change that is kept. */
export type ChangeStart = { readonly cursor: string } | 'now'

export type ChangeQuery = {
  readonly after?: ChangeStart
  /** Id or slug of the only agent to be told of. */
  readonly agent?: string
  /** All kinds when absent. */
  readonly kinds?: readonly ChangeKind[]
}

/** A change as one reader is told it: an agent that it may not see any more is `unregistered`, whatever became of it. */
export type ToldChange = { readonly agentId: AgentId } & Pick<Change, 'id' | 'slug' | 'at'> &
  (
    | { readonly kind: 'registered' | 'unregistered' }
    | Pick<Extract<Change, { kind: 'updated' }>, 'kind' | 'cardVersion' | 'verdict'>
    | Pick<Extract<Change, { kind: 'health' }>, 'kind' | 'state' | 'before' | 'reason'>
  )

export type ChangesPage = {
  readonly items: readonly ToldChange[]
  /** Where to go on: behind all items, and what the reader is not told. */
  readonly cursor: string
  /** There may be more already. */
  readonly more: boolean
}

/** What a stream yields: a place to go on from and, but for the first, the change before it. */
export type ChangeFrame = { readonly seq: string; readonly change?: ToldChange }

/**
 * Both methods take the scope `agents:read`, throw `forbidden` without it, `invalid_params` for a cursor that is not the
 * caller's, and `cursor_expired` when changes after it are not kept any more.
 */
export interface Changes {
  /** The same question may be told less later, as agents go out of sight. */
  read(call: Call, query: ChangeQuery & { readonly limit: number }): Promise<ChangesPage>
  /** The same, and what comes, until the call's signal aborts. A reader that stops holds one page. */
  follow(call: Call, query: ChangeQuery): Promise<AsyncIterable<ChangeFrame>>
}
