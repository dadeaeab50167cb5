import type { AgentCard } from '../a2a/agent-card.ts'
import type { AgentId } from '../a2a/ids.ts'
import type { JsonText } from '../a2a/json-text.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError, type Violation } from '../errors.ts'
import type { CardSource, CardValidators, FetchedCard } from './card-source.ts'
import { type JudgeDeps, judgeCard } from './judge-card.ts'
import type { Registration } from './registry.ts'
import type { CardSignature } from './signatures/verify-signatures.ts'
import { slugProblem } from './slug.ts'

export type JudgeRegistrationDeps = JudgeDeps & { readonly cards: Pick<CardSource, 'fetchCard'> }

/** A registration whose card was found and judged. */
export type Listing = {
  readonly registration: Registration
  readonly tenant: string
  readonly owner: string
  /** Ids of the only agents that the publisher's credential is good for. */
  readonly agents: ReadonlySet<string> | undefined
  readonly originalCard: string
  readonly card: JsonText<AgentCard>
  readonly signatures: readonly CardSignature[]
  readonly cardUrl?: string
  readonly cardOrigin?: string
  /** Those that the registration names. */
  readonly dependsOn?: readonly AgentId[]
  readonly cardValidators?: CardValidators
}

/** Finds and judges a registration's card. The function throws `invalid_registration` with everything wrong. */
export function createJudgeRegistration(
  deps: JudgeRegistrationDeps,
): (call: Call, registration: Registration, owner: string) => Promise<Listing> {
  const readCard = async (
    call: Call,
    { card, cardUrl }: Registration,
  ): Promise<Pick<FetchedCard, 'text'> & Partial<FetchedCard>> => {
    if (card !== undefined) return { text: card }
    if (cardUrl !== undefined) return deps.cards.fetchCard(cardUrl, call.signal)
    throw new ParleyError('invalid_registration', 'A registration needs a card or a cardUrl')
  }

  return async (call, registration, owner) => {
    const source = await readCard(call, registration)
    const { url: cardUrl, origin: cardOrigin, validators: cardValidators } = source
    const { card, violations, signatures } = await judgeCard(deps, source.text, call.signal)
    assertAcceptable(registration, violations)
    return {
      registration,
      tenant: call.principal.tenant,
      owner,
      agents: call.principal.agents,
      originalCard: source.text,
      card,
      signatures,
      ...(cardUrl !== undefined && { cardUrl }),
      ...(cardOrigin !== undefined && { cardOrigin }),
      ...(cardValidators && { cardValidators }),
    }
  }
}

function assertAcceptable(registration: Registration, cardViolations: readonly Violation[]): void {
  const slug = registration.slug === undefined ? undefined : slugProblem(registration.slug)
  const inCard = cardViolations.map((violation) => ({
    ...violation,
    pointer: `${registration.cardPointer ?? ''}${violation.pointer}`,
  }))
  const violations = slug === undefined ? inCard : [slug, ...inCard]
  const [first] = violations
  if (first === undefined) return
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : ''
  const what = inCard.length > 0 ? 'card' : 'slug'
  throw new ParleyError(
    'invalid_registration',
    `The ${what} cannot be accepted: ${first.pointer || '/'} ${first.message}${more}`,
    { violations },
  )
}
