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
  readonly createdAt: number
  readonly expiresAt?: number
  readonly revokedAt?: number
  readonly version: number
}

export type KeyCommit = {
  readonly key: ApiKey
  readonly expectedVersion: number
  /** Appended to the audit log in the same atomic write. */
  readonly audit?: readonly AuditRecord[]
}

/** Where keys live. `find…` returns revoked and expired keys too; judging them is the room's task. */
export interface KeyStore {
  /** False when the stored version is not `expectedVersion` (0: must not exist) or the hash exists under another id. */
  commit(commit: KeyCommit): Promise<boolean>
  findByHash(hash: string): Promise<ApiKey | undefined>
  find(id: string): Promise<ApiKey | undefined>
  /** Keys of a tenant ordered by id, strictly after `afterId`. */
  list(tenant: string, limit: number, afterId?: string): Promise<readonly ApiKey[]>
}
