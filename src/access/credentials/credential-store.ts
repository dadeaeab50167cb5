import type { AuditRecord } from '../audit/audit-record.ts'
import type { StoredCredential } from './credential.ts'

/** A credential as it will stand. `expectedVersion` 0 creates it; `removed` deletes it. */
export type CredentialCommit = {
  readonly credential: StoredCredential
  readonly expectedVersion: number
  readonly removed?: boolean
  /** Appended to the audit log in the same atomic write. */
  readonly audit?: readonly AuditRecord[]
}

/** Names one credential. */
export type CredentialRef = Pick<StoredCredential, 'agentId' | 'scheme'>

/** Where credentials for agents live, sealed: one for each scheme of an agent. They go some time after their agent does. */
export interface CredentialStore {
  /** False when the stored version is not `expectedVersion`, or there is no such agent. */
  commit(commit: CredentialCommit): Promise<boolean>
  /** Those of one agent, ordered by scheme; they are few. */
  listOf(agentId: string): Promise<readonly StoredCredential[]>
  /** Those of all agents, ordered by agent and scheme, strictly after `after`. */
  list(limit: number, after?: CredentialRef): Promise<readonly StoredCredential[]>
}
