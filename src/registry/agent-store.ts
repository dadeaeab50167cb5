import type { AgentId } from '../a2a/ids.ts'
import type { AuditRecord } from '../access/audit/audit-record.ts'
import type { Agent } from './agent.ts'

/** An agent as it will stand. `expectedVersion` 0 creates it; `removed` deletes it and its credentials. Slugs are unique per tenant. */
export type AgentCommit = {
  readonly agent: Agent
  readonly expectedVersion: number
  readonly removed?: boolean
  /** Appended to the audit log in the same atomic write. */
  readonly audit?: readonly AuditRecord[]
}

export type AgentCommitResult =
  | { readonly kind: 'committed' }
  | { readonly kind: 'conflict' }
  /** Another agent of the tenant has, or once had, this slug. */
  | { readonly kind: 'slug_taken'; readonly owner: string }

/** Filters that storage applies; access and liveness are decided in the registry. Text matches ignore case. */
export type AgentFilter = {
  readonly tenant: string
  readonly ids?: readonly string[]
  /** Substring of the card's name or the slug. */
  readonly names?: readonly string[]
  /** Exact skill ids. */
  readonly skills?: readonly string[]
  /** Names of capabilities that the card declares `true`. */
  readonly capabilities?: readonly string[]
  readonly owners?: readonly string[]
}

/**
 * Which agents exist. A removed agent's slug stays reserved for its owner for ever.
 */
export interface AgentStore {
  commit(commit: AgentCommit): Promise<AgentCommitResult>
  find(id: AgentId): Promise<Agent | undefined>
  findBySlug(tenant: string, slug: string): Promise<Agent | undefined>
  /** AND across filters, OR within one; ordered by id, strictly after `afterId`. */
  search(filter: AgentFilter, limit: number, afterId?: AgentId): Promise<readonly Agent[]>
  /** Sets `lastHeartbeatAt` if later, without a new version. False when there is no such agent. */
  beat(id: AgentId, at: number): Promise<boolean>
}
