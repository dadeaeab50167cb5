import type { Violation } from '../errors.ts'
import type { PublicAddresses } from './public-addresses.ts'
import type { TrustedKeys } from './signatures/trusted-keys.ts'
import { type CardSignature, verifySignatures } from './signatures/verify-signatures.ts'
import { type ValidatedCard, validateCard } from './validate-card.ts'

export type JudgeDeps = {
  readonly addresses: () => PublicAddresses
  /** Why the gateway may not call a URL of an agent, if that is certain before trying. */
  readonly refusalOf?: (url: string) => string | undefined
  /** The keys that publishers' signatures are verified with. */
  readonly trustedKeys: TrustedKeys
}

/** A card and all there is to say against it, with what came of its signatures. */
export type JudgedCard = ValidatedCard & { readonly signatures: readonly CardSignature[] }

/** Judges a card as this gateway does when it is registered: with its own addresses, and the keys that it trusts. */
export async function judgeCard(
  { addresses, refusalOf, trustedKeys }: JudgeDeps,
  text: string,
  signal: AbortSignal,
): Promise<JudgedCard> {
  const judged = validateCard(text, { own: addresses(), ...(refusalOf && { refusalOf }) })
  if (!areLegible(judged.violations)) return { ...judged, signatures: [] }
  const { signatures, violations } = await verifySignatures(text, trustedKeys, signal)
  return { ...judged, violations: [...judged.violations, ...violations], signatures }
}

/** Whether signatures can be judged, whatever else is wrong with a card. */
const areLegible = (violations: readonly Violation[]): boolean =>
  !violations.some(({ pointer }) => pointer === '' || pointer.startsWith('/signatures'))
