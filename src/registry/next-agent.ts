import { agentId } from '../a2a/ids.ts'
import { ParleyError } from '../errors.ts'
import { type Agent, cardOf } from './agent.ts'
import type { CardVersion } from './card-version.ts'
import { compareCards, verdictOf } from './compare-cards.ts'
import { declaredTimes } from './health/declared-times.ts'
import type { Listing } from './judge-registration.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Registration } from './registry.ts'

/** An agent before its first version. */
export const unlisted = (
  listing: Listing,
  slug: string,
  id: string,
  at: number,
  lifecycle: Lifecycle,
): Agent => ({
  id: agentId(id),
  slug,
  tenant: listing.tenant,
  owner: listing.owner,
  visibility: 'tenant',
  redelivery: 'at-most-once',
  version: 0,
  createdAt: at,
  updatedAt: at,
  lifecycle,
  originalCard: listing.originalCard,
  card: listing.card,
})

/** Throws `invalid_registration` when an agent that is there is to stand elsewhere. */
export function assertStays({ lifecycle }: Registration, previous: Agent): void {
  if (lifecycle === undefined || previous.version === 0 || previous.lifecycle === lifecycle) return
  const message = `is for new agents: this one is ${previous.lifecycle}`
  throw new ParleyError('invalid_registration', `The lifecycle ${lifecycle} ${message}`, {
    violations: [{ pointer: '/lifecycle', code: 'transition', message }],
  })
}

/** The next version of an agent. What the registration leaves open stays. */
export function listed(
  previous: Agent,
  listing: Listing,
  at: number,
  cardVersion: CardVersion | undefined,
): Agent {
  const kept = withCard(previous, listing, at, cardVersion)
  const { visibility, redelivery } = listing.registration
  const dependsOn = listing.dependsOn ?? kept.dependsOn
  const cardProfile = listing.registration.cardProfile ?? kept.cardProfile
  const probe = listing.registration.probe ?? kept.probe
  const cardUpdates = listing.registration.cardUpdates ?? kept.cardUpdates
  return {
    ...kept,
    visibility: visibility ?? kept.visibility,
    redelivery: redelivery ?? kept.redelivery,
    ...(cardProfile === undefined ? {} : { cardProfile }),
    ...(dependsOn === undefined ? {} : { dependsOn }),
    ...(probe === undefined ? {} : { probe }),
    ...declaredTimes(kept, listing.registration, at, 'invalid_registration'),
    ...(cardUpdates === undefined ? {} : { cardUpdates }),
    version: kept.version + 1,
  }
}

/** A card that was judged, as it becomes that of an agent. */
export type NewCard = Pick<
  Listing,
  'originalCard' | 'card' | 'signatures' | 'cardUrl' | 'cardOrigin' | 'cardValidators'
>

/** The agent with another card, in the place of its own and of any that waits. */
export function withCard(
  previous: Agent,
  { originalCard, card, signatures, cardUrl, cardOrigin, cardValidators }: NewCard,
  at: number,
  cardVersion: CardVersion | undefined,
): Agent {
  const {
    cardUrl: _url,
    cardOrigin: _origin,
    cardValidators: _validators,
    signatures: _signatures,
    proposal: _proposal,
    rejectedCard: _rejected,
    ...kept
  } = previous
  return {
    ...kept,
    // Who asks for what has changed since then must not miss a change because the clock was set back.
    updatedAt: Math.max(at, kept.updatedAt),
    originalCard,
    card,
    ...(cardVersion === undefined ? {} : { cardVersion: cardVersion.number }),
    ...(signatures.length === 0 ? {} : { signatures }),
    ...(cardUrl === undefined ? {} : { cardUrl }),
    ...(cardOrigin === undefined ? {} : { cardOrigin }),
    ...(cardValidators === undefined ? {} : { cardValidators }),
  }
}

/** The version that a card is of its agent, `by` the subject of who sent it; `undefined` for the one that the agent has. */
export function nextCardVersion(
  previous: Agent,
  listing: NewCard,
  by: string,
  at: number,
): CardVersion | undefined {
  const { cardVersion = 0, version, id } = previous
  if (cardVersion > 0 && previous.originalCard === listing.originalCard) return undefined
  const { originalCard, signatures, cardUrl } = listing
  const changes = () =>
    compareCards(
      { card: cardOf(previous), signatures: previous.signatures ?? [] },
      { card: cardOf(listing), signatures },
    )
  return {
    agentId: id,
    number: cardVersion + 1,
    at,
    by,
    originalCard,
    ...(cardUrl === undefined ? {} : { cardUrl }),
    signatures,
    ...(version === 0 ? {} : { verdict: verdictOf(changes()) }),
  }
}
