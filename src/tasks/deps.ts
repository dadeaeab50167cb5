import type { NewId } from '../a2a/ids.ts'
import type { Access } from '../access/access.ts'
import type { AuditStore } from '../access/audit/audit-store.ts'
import type { Cursors } from '../access/page-cursor.ts'
import type { Registry } from '../registry/registry.ts'
import type { News } from './news.ts'
import type { Claim } from './task-store.ts'
import type { WriteDeps } from './write-task.ts'

/**
 * A delivery worker in this process. Work it reserves is leased in the very commit that creates it, which spares the
 * queue's round trip.
 */
export interface LocalWorker {
  /** A lease for new work of this lane, or `undefined` when the worker is at its limits. */
  reserve(lane: string): Claim | undefined
  /** The commit that carried the reservation is durable: do the work. */
  begin(taskId: string, lane: string, claim: Claim): void
  /** The commit did not happen. */
  abandon(lane: string): void
}

/** What the operations of this room are made of. */
export type TasksDeps = WriteDeps & {
  readonly access: Access
  readonly registry: Registry
  readonly audit: Pick<AuditStore, 'append'>
  readonly news: News
  readonly cursors: Cursors
  readonly newId: NewId
  readonly worker?: LocalWorker
  /** Aborts when the process stops, with the `stream_resume_required` error that readers get. */
  readonly stopping: AbortSignal
}
