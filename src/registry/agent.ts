import type { AgentCard } from '../a2a/agent-card.ts'
import type { AgentId } from '../a2a/ids.ts'
import type { JsonText } from '../a2a/json-text.ts'
import type { Grant } from '../access/grant.ts'
import type { CardValidators } from './card-source.ts'
import type { CardProposal } from './drift/card-proposal.ts'
import type { CardUpdates } from './drift/card-updates.ts'
import type { TaskProbe } from './health/task-probe.ts'
import { isLetIn, type Lifecycle } from './lifecycle.ts'
import type { CardSignature } from './signatures/verify-signatures.ts'

export const VISIBILITIES = ['public', 'tenant', 'restricted'] as const
/**
 * Who may discover and invoke: everybody may see (`public`), the tenant (default), or the owner alone (`restricted`).
 * Grants allow more.
 */
export type Visibility = (typeof VISIBILITIES)[number]

export const REDELIVERIES = ['at-most-once', 'at-least-once'] as const
/** What happens when it is unknown whether the agent accepted a message: fail and say so, or send it again. */
export type Redelivery = (typeof REDELIVERIES)[number]

export const CARD_PROFILES = ['superset', 'v1', 'v0.3'] as const
/**
 * The form of card that clients get who ask for no version: one that is valid in both (`superset`), exactly 1.0, or
 * exactly 0.3.
 */
export type CardProfile = (typeof CARD_PROFILES)[number]

/** A registered A2A server. */
export type Agent = {
  readonly id: AgentId
  readonly slug: string
  readonly tenant: string
  readonly owner: string
  readonly visibility: Visibility
  readonly redelivery: Redelivery
  /** Who may do more than `visibility` says; nobody when absent. */
  readonly grants?: readonly Grant[]
  /** `superset` when absent. */
  readonly cardProfile?: CardProfile
  /** Grows by one with every commit. */
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
  /** Absent while it never beat. */
  readonly lastHeartbeatAt?: number
  /** As its owner said; `intervalOf` and `ttlOf` say what holds. In milliseconds. */
  readonly heartbeatIntervalMs?: number
  readonly heartbeatTtlMs?: number
  /** When its owner last said that it beats, or how often: heartbeats are expected from then on. Absent where nobody did. */
  readonly heartbeatsDeclaredAt?: number
  readonly lifecycle: Lifecycle
  /** When it was removed: it finishes the tasks that it has, and is there for nothing else. */
  readonly removedAt?: number
  /** The agent to use in the place of one that is deprecated. */
  readonly successor?: AgentId
  /** What it is asked by itself to show that it works, if its owner said so. */
  readonly probe?: TaskProbe
  /** Agents without which it does not work. */
  readonly dependsOn?: readonly AgentId[]
  /** Why an admin did not let it in, the last time. */
  readonly refusal?: { readonly reason: string; readonly at: number }
  /** Number of the card among those that its publisher has sent; absent for agents of before they were counted. */
  readonly cardVersion?: number
  /** Where the card was fetched from, if it was. */
  readonly cardUrl?: string
  /** What the server of `cardUrl` said of the card, by which it is asked whether it has changed. */
  readonly cardValidators?: CardValidators
  /** Which changes of the card at `cardUrl` are applied by themselves; `compatible` when absent. */
  readonly cardUpdates?: CardUpdates
  /** That a card waits to become the agent's, and its `cardHash`. */
  readonly proposal?: Pick<CardProposal, 'at' | 'verdict'> & { readonly hash: string }
  /** The card at `cardUrl` that is not to become the agent's, by its `cardHash`, for as long as it is there. */
  readonly rejectedCard?: { readonly hash: string; readonly validators?: CardValidators }
  /** Scheme, host and port that it came from, whatever `cardUrl` redirected to. */
  readonly cardOrigin?: string
  /** What the publisher sent, byte for byte (UTF-8 text). */
  readonly originalCard: string
  /** The same card in v1.0 form. */
  readonly card: JsonText<AgentCard>
  /** What came of the signatures of the original, in its order; absent when it has none. */
  readonly signatures?: readonly CardSignature[]
}

/** Whether everybody may see the agent, without a credential. */
export const isPublic = (agent: Pick<Agent, 'visibility' | 'lifecycle'>): boolean =>
  agent.visibility === 'public' && isLetIn(agent)

export const profileOf = (agent: Agent): CardProfile => agent.cardProfile ?? 'superset'

const parsedCards = new WeakMap<object, AgentCard>()

/** The same agent with its last heartbeat: agents beat often, and none has its card parsed again for it. */
export function beatenAt(agent: Agent, lastHeartbeatAt: number): Agent {
  const beaten = { ...agent, lastHeartbeatAt }
  const card = parsedCards.get(agent)
  if (card !== undefined) parsedCards.set(beaten, card)
  return beaten
}

/** The agent's card as a value, parsed once per agent object: stores hand out the same one while it is unchanged. */
export function cardOf(agent: Pick<Agent, 'card'>): AgentCard {
  const known = parsedCards.get(agent)
  if (known !== undefined) return known
  const card: AgentCard = JSON.parse(agent.card)
  parsedCards.set(agent, card)
  return card
}
