import type { NewId } from '../a2a/ids.ts'
import type { Access } from '../access/access.ts'
import type { AuditStore } from '../access/audit/audit-store.ts'
import type { Cursors } from '../access/page-cursor.ts'
import type { Registry } from '../registry/registry.ts'
import type { LocalWorker } from '../work/worker.ts'
import type { News } from './news.ts'
import type { WriteDeps } from './write-task.ts'

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
