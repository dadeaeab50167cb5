import type { AuditEntry, AuditName, ChainHead } from './audit-entry.ts'
import type { AuditAction, AuditRecord, AuditTarget } from './audit-record.ts'

/** In milliseconds since the Unix epoch. */
export type TimeRange = {
  /** Inclusive. */
  readonly from?: number
  /** Exclusive. */
  readonly to?: number
}

/** Which entries of a tenant to list; all conditions must hold. */
export type AuditFilter = TimeRange & {
  readonly tenant: string
  /** A pseudonym. */
  readonly principal?: string
  readonly action?: AuditAction
  readonly target?: AuditTarget
  readonly outcome?: AuditRecord['outcome']
}

/** A place in the order of lists: by time, then writer, then number. */
export type AuditPosition = Pick<AuditEntry, 'at' | 'writer' | 'n'>

export type ChainSelection = TimeRange & {
  readonly tenant: string
  readonly writer: string
  /** Exclusive. */
  readonly after: number
  /** Inclusive. */
  readonly upTo: number
}

/**
 * Where the audit log lives. Entries are appended, pruned from the oldest on, and nothing else. Each process is a writer with
 * chains of its own, one per tenant, so that no two processes wait for one another and a tenant's chains can be checked
 * without what belongs to others.
 *
 * Commits of other stores append their `audit` in their own atomic write, by the same rules.
 */
export interface AuditStore {
  /** This process in the chains it writes; no other process ever has it. */
  readonly writer: string
  /** Durable, all of them or none, once it resolves; in the order given. */
  append(records: readonly AuditRecord[]): Promise<void>
  /** Newest first, strictly after `position` in that order. */
  list(filter: AuditFilter, limit: number, position?: AuditPosition): Promise<readonly AuditEntry[]>
  /** Counts up to `cap` and stops there. */
  count(filter: AuditFilter, cap: number): Promise<number>
  /** A tenant's chains by writer, strictly after `afterWriter`; those that are pruned altogether are left out. */
  listChains(tenant: string, limit: number, afterWriter?: string): Promise<readonly ChainHead[]>
  /** Entries of one chain, oldest first. */
  readChain(selection: ChainSelection, limit: number): Promise<readonly AuditEntry[]>
  /** Where the chains of this writer stand. */
  heads(): Promise<readonly ChainHead[]>
  /** What pseudonyms of a tenant stand for; those that are erased or unknown are left out. */
  findNames(tenant: string, pseudonyms: readonly string[]): Promise<readonly AuditName[]>
  /** The pseudonym that a subject has now. */
  findPseudonym(tenant: string, subject: string): Promise<string | undefined>
  /**
   * Appends `record` and then forgets, in the same atomic write, what every pseudonym of the subject stands for: those of
   * its credentials and addresses too. What it does afterwards has new ones. No entry changes.
   */
  erase(tenant: string, subject: string, record: AuditRecord): Promise<void>
  /**
   * Removes entries older than `before`, about `limit` at most, each chain from its oldest on; and names that no entry
   * has any more. Answers how many entries it removed.
   */
  prune(before: number, limit: number): Promise<number>
}
