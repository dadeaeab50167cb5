/**
 * What happened in a tenant, for its admins.
 *
 * Owns the audit log's readers: its list, its export and the erasure of subjects. Rooms write records in the commits of
 * their own changes (`auditOf`), and edges note who was refused (`Denials`). Reading is itself recorded, durably,
 * before anything is shown.
 */
import type { Page, PageQuery } from '../page.ts'
import type { Call } from '../principal.ts'
import type { AuditFilter, TimeRange } from './audit-store.ts'

/** As the store filters, but `principal` may be a subject too. */
export type AuditQuery = PageQuery & Omit<AuditFilter, 'tenant'>

/** Every method takes the scope `admin`, throws `forbidden` without it, and reaches no further than the caller's tenant. */
export interface Audit {
  /** Newest first: entries as JSON text, with the names that their pseudonyms stand for. `total` is exact up to 10,000. */
  list(call: Call, query: AuditQuery): Promise<Page<string>>
  /**
   * All entries of that time as lines of JSON in canonical form, chain by chain, each from its oldest on, a page at a time.
   * `verifyChains` checks them.
   */
  export(call: Call, range: TimeRange): Promise<AsyncIterable<readonly string[]>>
  /** The trail stays as it is and no longer says who the subject was. What it does from now on has a new pseudonym. */
  erase(call: Call, subject: string): Promise<void>
}
