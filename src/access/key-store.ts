import type { AuditRecord } from './audit/audit-record.ts'
import type { Scope } from './principal.ts'

/** An API key. The secret itself is never stored; `hash` is its SHA-256 in hex. */
export type ApiKey = {
  readonly id: string
  readonly hash: string
  readonly tenant: string
  /** Explicit, so that it survives rotation. */
  readonly subject: string
  readonly scopes: readonly Scope[]
  readonly label: string
  /** Ids of the only agents it is good for; every agent when absent. */
  readonly agents?: readonly string[]
  readonly createdAt: number
  readonly expiresAt?: number
  /** When it ends because another took its place, if that is before `expiresAt`. */
  readonly retiresAt?: number
  readonly revokedAt?: number
  /** Id of the key whose place it took. */
  readonly replaces?: string
  /** Id of the latest key that took its place. */
  readonly replacedBy?: string
  /** About when a call last came with it. Changes without a new version. */
  readonly lastUsedAt?: number
  readonly version: number
}

/** A key as it will stand. `expectedVersion` 0 makes it. */
export type KeyChange = { readonly key: ApiKey; readonly expectedVersion: number }

export type KeyCommit = {
  /** One key, or two different ones whose changes belong together: all are written or none. */
  readonly changes: readonly KeyChange[]
  /** Appended to the audit log in the same atomic write. */
  readonly audit?: readonly AuditRecord[]
}

/** Where keys live. `find…` returns revoked and expired keys too; judging them is the room's task. */
export interface KeyStore {
  /**
   * False, with nothing written, when a stored version is not `expectedVersion` (0: must not exist) or a hash exists under
   * another id. A stored `lastUsedAt` that is later stays.
   */
  commit(commit: KeyCommit): Promise<boolean>
  findByHash(hash: string): Promise<ApiKey | undefined>
  find(id: string): Promise<ApiKey | undefined>
  /** Keys of a tenant ordered by id, strictly after `afterId`. */
  list(tenant: string, limit: number, afterId?: string): Promise<readonly ApiKey[]>
  /** Sets `lastUsedAt` if later, without a new version; nothing where there is no such key. */
  markUsed(id: string, at: number): Promise<void>
}
