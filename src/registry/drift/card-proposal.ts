import type { AgentId } from '../../a2a/ids.ts'
import type { CardValidators } from '../card-source.ts'
import type { ChangeKind } from '../compare-cards.ts'
import type { CardSignature } from '../signatures/verify-signatures.ts'

/** A card that is at an agent's `cardUrl` by now, and waits to become the agent's. An agent has one at most. */
export type CardProposal = {
  readonly agentId: AgentId
  readonly at: number
  readonly cardUrl: string
  /** As of `Agent`. */
  readonly cardOrigin: string
  readonly validators?: CardValidators
  /** What the publisher serves, byte for byte (UTF-8 text). */
  readonly originalCard: string
  /** What came of its signatures then. */
  readonly signatures: readonly CardSignature[]
  /** What it would mean to who relies on the agent. */
  readonly verdict: ChangeKind
}
