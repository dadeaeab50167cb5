import type { AgentId } from '../a2a/ids.ts'
import type { ChangeKind } from './compare-cards.ts'
import type { CardSignature } from './signatures/verify-signatures.ts'

/** A card as its publisher once sent it. Never changed, and kept when newer ones follow. */
export type CardVersion = {
  readonly agentId: AgentId
  /** From 1, without gaps; the oldest may be gone. */
  readonly number: number
  readonly at: number
  /** Subject of who registered it. */
  readonly by: string
  /** What the publisher sent, byte for byte (UTF-8 text). */
  readonly originalCard: string
  /** Where it was fetched from, if it was. */
  readonly cardUrl?: string
  /** What came of its signatures then. */
  readonly signatures: readonly CardSignature[]
  /** What it meant to who relied on the version before; absent for the first. */
  readonly verdict?: ChangeKind
}

/** A version without its card. */
export type CardVersionInfo = Omit<CardVersion, 'originalCard'> & {
  /** Size of the card in UTF-8. */
  readonly bytes: number
}

/** Versions kept of one agent: the newest. */
export const MAX_CARD_VERSIONS = 100

export const cardVersionInfo = ({ originalCard, ...version }: CardVersion): CardVersionInfo => ({
  ...version,
  bytes: Buffer.byteLength(originalCard),
})
