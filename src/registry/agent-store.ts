import type { AgentId } from '../a2a/ids.ts'
import type { AuditRecord } from '../access/audit/audit-record.ts'
import type { NewWork } from '../work/work.ts'
import type { Agent } from './agent.ts'
import type { CardVersion, CardVersionInfo } from './card-version.ts'
import type { Change } from './changes/change.ts'
import type { CardProposal } from './drift/card-proposal.ts'
import type { AgentListing, Term } from './search/listing.ts'

/**
 * An agent as it will stand. `expectedVersion` 0 creates it; `removed` ends it, its health, and the `probe` and `alert`
 * work that is about it: nothing but `findRemoved` finds it any more, and what is kept of it are its cards and, until
 * `forget`, its credentials. Slugs are unique per tenant.
 */
export type AgentCommit = {
  readonly agent: Agent
  readonly expectedVersion: number
  readonly removed?: boolean
  /** A card that is new, kept from now on; only the newest `MAX_CARD_VERSIONS` of an agent are. */
  readonly cardVersion?: CardVersion
  /** Appended to the change feed in the same atomic write. */
  readonly changes?: readonly Change[]
  /**
   * The agent's proposal from now on, in the place of any before; what there is stays when absent. It goes with the
   * agent.
   */
  readonly proposal?: CardProposal | 'none'
  /** Put on the queue; of a commit that removes the agent, once the work about it is gone. */
  readonly work?: readonly NewWork[]
  /** An admin lets the agent have addresses that agents of other owners have. */
  readonly sharesAddresses?: boolean
  /** Appended to the audit log in the same atomic write. */
  readonly audit?: readonly AuditRecord[]
}

export type AgentCommitResult =
  | { readonly kind: 'committed' }
  | { readonly kind: 'conflict' }
  /** Another agent of the tenant has, or once had, this slug. */
  | { readonly kind: 'slug_taken'; readonly owner: string }
  /** Agents of other owners of the tenant have these addresses, which are `newClaimsOf` the agent. */
  | { readonly kind: 'address_taken'; readonly addresses: readonly string[] }

/**
 * Filters that storage applies; access, liveness and rank are judged in the registry. AND across filters, OR within one; one
 * that is empty matches nothing.
 */
export type AgentFilter = {
  readonly tenant: string
  readonly ids?: readonly string[]
  /** Parts of the name or the slug, folded. */
  readonly names?: readonly string[]
  /** Of each list, a term that the agent has. */
  readonly terms?: readonly (readonly Term[])[]
  /** Folded words: each begins a word of the agent's listing or text. */
  readonly words?: readonly string[]
  /** Inclusive lower bound of `updatedAt`. */
  readonly updatedSince?: number
}

/**
 * By id; by `nameKey`, then id; by `updatedAt`, newest first, then greatest id; by `health` (`up`, `degraded`, `unknown`,
 * `down`), then id; or by `latencyMs`, the known ones first and of these the shortest, then id.
 */
export type ListingOrder = 'id' | 'name' | 'updated' | 'health' | 'latency'

/** A place in a list of agents. */
export type ListingPosition = Pick<AgentListing, 'id' | 'nameKey' | 'updatedAt' | 'health' | 'latencyMs'>

export type ListingPage = {
  readonly limit: number
  /** By id when absent. */
  readonly order?: ListingOrder
  /** Only what comes after it. */
  readonly after?: ListingPosition
  /** Listings say their terms. */
  readonly withTerms?: boolean
}

/**
 * Which agents exist. A removed agent's slug stays reserved for its owner for ever.
 */
export interface AgentStore {
  commit(commit: AgentCommit): Promise<AgentCommitResult>
  find(id: AgentId): Promise<Agent | undefined>
  findBySlug(tenant: string, slug: string): Promise<Agent | undefined>
  /** Those that exist, in the order of `ids`. */
  findAll(ids: readonly AgentId[]): Promise<readonly Agent[]>
  search(filter: AgentFilter, page: ListingPage): Promise<readonly AgentListing[]>
  /** An agent that was removed, as it was then. */
  findRemoved(id: AgentId): Promise<Agent | undefined>
  /** The one that had a slug last, while none has it. */
  findRemovedBySlug(tenant: string, slug: string): Promise<Agent | undefined>
  /** Forgets the credentials of an agent that was removed, and takes no more for it. */
  forget(id: AgentId): Promise<void>
  /** The cards of an agent, the newest first; also once the agent is removed. */
  listVersions(id: AgentId): Promise<readonly CardVersionInfo[]>
  findVersion(id: AgentId, number: number): Promise<CardVersion | undefined>
  findProposal(id: AgentId): Promise<CardProposal | undefined>
  /** Sets `lastHeartbeatAt` if later, without a new version. False when there is no such agent. */
  beat(id: AgentId, at: number): Promise<boolean>
}
