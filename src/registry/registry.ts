/**
 * Which agents exist.
 *
 * Owns registration, grants, card validation and signatures, search, heartbeats and the cards we publish in agents'
 * place. Does not call agents (that is upstream's) and does not judge access (it asks `access`). What a principal may not
 * see is answered exactly as what does not exist.
 */
import type { AgentCard } from '../a2a/agent-card.ts'
import type { JsonText } from '../a2a/json-text.ts'
import type { Operation } from '../a2a/operation.ts'
import type { Action } from '../access/access.ts'
import type { Grant } from '../access/grant.ts'
import type { NewGrant } from '../access/new-grant.ts'
import type { Page, PageQuery } from '../access/page.ts'
import type { Call } from '../access/principal.ts'
import type { Question } from '../access/question.ts'
import type { Refusal } from './admit-agent.ts'
import type { Agent, CardProfile, Redelivery, Visibility } from './agent.ts'
import type { CredentialOverview, CredentialStatus } from './agent-credentials.ts'
import type { CardVersion, CardVersionInfo } from './card-version.ts'
import type { AgentCondition } from './change-agent.ts'
import type { CardChange } from './compare-cards.ts'
import type { CardProposal } from './drift/card-proposal.ts'
import type { CardUpdates } from './drift/card-updates.ts'
import type { ProposalRejection } from './drift/proposal-rejection.ts'
import type { AccessExplanation } from './explain-access.ts'
import type { Check, HealthState } from './health/agent-health.ts'
import type { CurrentHealth } from './health/current-health.ts'
import type { HealthBucket, Span } from './health/health-store.ts'
import type { NewReport } from './health/heartbeat-body.ts'
import type { HealthReport } from './health/read-health.ts'
import type { Beaten } from './health/take-heartbeat.ts'
import type { TaskProbe } from './health/task-probe.ts'
import type { JudgedCard } from './judge-card.ts'
import type { PublishedCard } from './publish-card.ts'
import type { CountedFacet, FacetCounts } from './search/facets.ts'
import type { Facet } from './search/listing.ts'
import type { AgentChanges } from './update-agent.ts'

/** What a publisher sends: a card or where it is, and how it should be listed. */
export type Registration = {
  /** The card's exact text. */
  readonly card?: string
  /** JSON pointer to the card in what the publisher sent, put before the pointers of its problems. */
  readonly cardPointer?: string
  readonly cardUrl?: string
  readonly slug?: string
  readonly owner?: string
  readonly visibility?: Visibility
  /** Of a new agent; `active` when absent. */
  readonly lifecycle?: 'draft' | 'pending'
  readonly redelivery?: Redelivery
  readonly cardProfile?: CardProfile
  readonly heartbeatIntervalMs?: number
  readonly heartbeatTtlMs?: number
  /** Ids or slugs of agents without which it does not work. */
  readonly dependsOn?: readonly string[]
  readonly probe?: TaskProbe
  readonly cardUpdates?: CardUpdates
}

export const AGENT_SORTS = ['relevance', 'name', 'updated', 'health', 'latency'] as const

export type AgentQuery = PageQuery & {
  /** Words, each of which begins a word of the card. */
  readonly text?: string
  /** Parts of names or slugs. */
  readonly names?: readonly string[]
  /** By what is exactly so; one that is empty filters nothing. */
  readonly filters?: Readonly<Partial<Record<Facet, readonly string[]>>>
  /** How agents are now. */
  readonly health?: readonly HealthState[]
  /** Only agents that are up or degraded. */
  readonly onlyAlive?: boolean
  /** Only agents that were seen doing what they are for, within the last 24 hours. */
  readonly verified?: boolean
  /** Inclusive lower bound of `updatedAt`. */
  readonly updatedSince?: number
  /**
   * By relevance when absent and there is `text`, else by id. By health the best come first, by latency the fastest,
   * and those of which none is known last.
   */
  readonly sort?: (typeof AGENT_SORTS)[number]
  /** What to count the values of. */
  readonly facets?: readonly CountedFacet[]
  /** How many values of each, the most frequent first; 50 when absent. */
  readonly facetValues?: number
}

export type AgentPage = Page<Agent> & {
  /** Those that were asked for, of all the agents that were found. */
  readonly facets?: FacetCounts
}

/** `ref` is an agent's id, or its slug in the caller's tenant. */
export interface Registry {
  /**
   * Registers an agent, or updates the one with the same owner and slug. Throws `invalid_registration` with every problem,
   * `conflict` when another owner has the slug.
   */
  register(
    call: Call,
    registration: Registration,
  ): Promise<{ readonly agent: Agent; readonly created: boolean }>
  /** What `register` would say of a card, without registering it: everything wrong with it, and what could be better. */
  validate(call: Call, card: string): Promise<JudgedCard>
  search(call: Call, query: AgentQuery): Promise<AgentPage>
  /**
   * `operation` is the operation of A2A that the action is part of. Throws `agent_not_found` for what is missing or
   * hidden, `forbidden` when the scope is missing, or the right to an agent that the caller sees. An agent that was
   * removed is there for the operations on tasks that exist: whoever asks for one must have it, or the answer is
   * `agent_not_found` again.
   */
  get(call: Call, ref: string, action: Action, operation?: Operation): Promise<Agent>
  /**
   * Registers an agent that exists anew, for those who may manage it; its id, slug and owner stay. Throws as `get` and
   * `register` do, and `precondition_failed` when `condition` does not hold.
   */
  replace(call: Call, ref: string, registration: Registration, condition?: AgentCondition): Promise<Agent>
  /**
   * Changes what can be changed without the card, for those who may manage the agent. Throws as `get` does, and
   * `precondition_failed` when `condition` does not hold.
   */
  update(call: Call, ref: string, changes: AgentChanges, condition?: AgentCondition): Promise<Agent>
  /**
   * Lets in an agent that is pending. Takes `admin`. Throws as `get` does, `conflict` for one that is not pending, and
   * `precondition_failed` when `condition` does not hold.
   */
  approve(call: Call, ref: string, condition?: AgentCondition): Promise<Agent>
  /** Makes an agent that is pending a draft again, which says why. As `approve`. */
  refuse(call: Call, ref: string, refusal: Refusal): Promise<Agent>
  /** The cards that the agent's publisher has sent, the newest first. Takes the right to `manage`, as the next two do. */
  listCardVersions(call: Call, ref: string): Promise<readonly CardVersionInfo[]>
  /** Throws `not_found` for a number that there is not, or no more. */
  getCardVersion(call: Call, ref: string, number: number): Promise<CardVersion>
  /** What changed from the version `since` to `number`, the gravest first. */
  compareCardVersions(call: Call, ref: string, since: number, number: number): Promise<readonly CardChange[]>
  /** Of the agents without which this one does not work, those that the caller sees. */
  listDependencies(call: Call, ref: string): Promise<readonly Agent[]>
  /**
   * The card that waits to become the agent's, and what it would change, the gravest first. Takes the right to
   * `manage`, as the next two do. `undefined` when none waits. Throws as `get` does.
   */
  findProposal(
    call: Call,
    ref: string,
  ): Promise<
    | {
        readonly agent: Agent
        readonly proposal: CardProposal
        readonly changes: readonly CardChange[]
      }
    | undefined
  >
  /**
   * Makes the card that waits the agent's. Throws as `get` does, `invalid_registration` when it would not be registered (any
   * more), `conflict` when none waits, or another by then, and `precondition_failed` when `condition` does not hold.
   */
  acceptProposal(call: Call, ref: string, condition?: AgentCondition): Promise<Agent>
  /** The card that waits is not to become the agent's, and does not wait again before its publisher changes it. */
  rejectProposal(
    call: Call,
    ref: string,
    rejection: ProposalRejection,
    condition?: AgentCondition,
  ): Promise<Agent>
  /**
   * Removes an agent for everybody. The tasks that it has go on to their end, and are read and canceled by who has some
   * with it; its cards stay for its owner and admins, by its id. Throws as `get` does.
   */
  unregister(call: Call, ref: string): Promise<void>
  /** Who may do more with the agent than its visibility says, for those who may manage it. Throws as `get` does. */
  listGrants(call: Call, ref: string): Promise<readonly Grant[]>
  /** The same grant again is the one that is there. Throws as `get` does, and `conflict` when the agent has too many. */
  createGrant(
    call: Call,
    ref: string,
    grant: NewGrant,
  ): Promise<{ readonly grant: Grant; readonly created: boolean }>
  /** Throws as `get` does, and `not_found` when the agent has no such grant. */
  deleteGrant(call: Call, ref: string, id: string): Promise<void>
  /**
   * Stores what the gateway shows the agent for one security scheme of its card, for those who may manage the agent.
   * `body` is as sent. Throws as `get` does, `precondition_failed` when `condition` does not hold, and as
   * `Credentials.store`.
   */
  storeCredential(
    call: Call,
    ref: string,
    scheme: string,
    body: string,
    condition?: AgentCondition,
  ): Promise<{ readonly credential: CredentialStatus; readonly created: boolean }>
  /**
   * What the agent demands and what is stored for it, without a secret, for those who may manage it. Throws as `get`
   * does.
   */
  listCredentials(call: Call, ref: string): Promise<CredentialOverview>
  /** Throws as `get` does, and `not_found` when there is none for the scheme. */
  deleteCredential(call: Call, ref: string, scheme: string): Promise<void>
  /**
   * The agent lives, and says how it is; a report that is absent says that all is well. Never refused because others say
   * something of its health meanwhile. Throws as `get` does.
   */
  heartbeat(call: Call, ref: string, report?: NewReport): Promise<Beaten>
  /** How an agent is and was of late, for who sees it. Throws as `get` does. */
  getHealth(call: Call, ref: string): Promise<HealthReport>
  /** How it was by the hour or by the day, the newest first, for who sees it. Throws as `get` does. */
  listHealth(call: Call, ref: string, span: Span, query: PageQuery): Promise<Page<HealthBucket>>
  /** What was seen of it within 24 hours, the newest first, for who may manage it. Throws as `get` does. */
  listChecks(call: Call, ref: string, query: PageQuery): Promise<Page<Check>>
  /** What the agent is asked to show that it works, for those who may manage it. Throws as `get` does, and `not_found`. */
  getProbe(call: Call, ref: string): Promise<TaskProbe>
  /** Throws as `get` does, and `precondition_failed` when `condition` does not hold. */
  setProbe(
    call: Call,
    ref: string,
    probe: TaskProbe,
    condition?: AgentCondition,
  ): Promise<{ readonly created: boolean }>
  /** Throws as `get` does, and `not_found` when there is none. */
  deleteProbe(call: Call, ref: string): Promise<void>
  /**
   * Has the agent looked at now, for those who may manage it, and waits a while for that; whether all was seen by then.
   * Throws as `get` does, and `conflict` for an agent that is disabled.
   */
  checkNow(call: Call, ref: string): Promise<boolean>
  /** How agents are now, in their order: no principal, no access decision. */
  healthOf(agents: readonly Agent[]): Promise<readonly CurrentHealth[]>
  /**
   * Why somebody can see or call an agent, or not, for those who may manage it. Throws as `get` does, and `not_found`
   * for a key that is not there any more.
   */
  explain(call: Call, question: Question): Promise<AccessExplanation>
  /** The agent a task belongs to: no principal, no access decision. */
  find(id: Agent['id']): Promise<Agent | undefined>
  /** The same for delivery, which goes on for an agent that was removed. */
  findForDelivery(id: Agent['id']): Promise<Agent | undefined>
  /** Forgets the credentials of an agent that was removed. */
  forget(id: Agent['id']): Promise<void>
  /** Our own card in the agent's place, signed: our URLs, and only what the gateway really offers. */
  publishedCard(agent: Agent, form: CardProfile): Promise<PublishedCard>
  /**
   * What the agent shows this caller beyond its card (A2A 1.0 §3.1.11), published as its card is: exactly 1.0, signed.
   * Throws as `get` does, `unauthenticated` for anonymous callers before anything is looked for,
   * `unsupported_operation` when the agent has none, `extended_agent_card_not_configured` when it gives none after all.
   */
  extendedCard(call: Call, ref: string): Promise<JsonText<AgentCard>>
}
