import { ParleyError } from '../../errors.ts'
import type { Agent } from '../agent.ts'
import type { CardSource, FetchedCard } from '../card-source.ts'
import type { Check } from '../health/agent-health.ts'
import { type JudgeDeps, type JudgedCard, judgeCard } from '../judge-card.ts'
import { createFollowCard, type FollowDeps } from './follow-card.ts'

export type CardCheckDeps = FollowDeps &
  JudgeDeps & {
    readonly cards: Pick<CardSource, 'refetchCard'>
    /** What it says of a publisher that its card could not be had. */
    readonly failureOf: (error: ParleyError) => Pick<Check, 'outcome' | 'message'>
  }

/**
 * Looks at the card of an agent that was registered by its URL, and follows it as far as the agent's `cardUpdates` allows.
 * `undefined` for an agent that has no such URL. Rejects with the signal's reason.
 */
export type CardCheck = (agent: Agent, signal: AbortSignal) => Promise<Check | undefined>

export function createCardCheck(deps: CardCheckDeps): CardCheck {
  const { now } = deps
  const follow = createFollowCard(deps)

  return async (agent, signal) => {
    const { cardUrl } = agent
    if (cardUrl === undefined) return undefined
    const at = now()
    const served = await servedCard(deps, { ...agent, cardUrl }, signal)
    const check = { kind: 'card', at, latencyMs: Math.max(0, now() - at) } as const
    if (served instanceof ParleyError) return { ...check, ...deps.failureOf(served) }
    if (served === undefined || isSettled(agent, served)) return { ...check, outcome: 'ok' }
    const { violations, card, signatures } = await judgeCard(deps, served.text, signal)
    if (violations.length > 0) {
      return { ...check, outcome: 'card-drift', message: unacceptable(violations) }
    }
    const { text: originalCard, origin: cardOrigin, validators } = served
    const waits = await follow(agent.id, {
      cardUrl,
      cardOrigin,
      originalCard,
      card,
      signatures,
      ...(validators && { cardValidators: validators }),
    })
    return { ...check, ...(waits ? { outcome: 'card-drift', message: WAITS } : { outcome: 'ok' }) }
  }
}

const WAITS = 'The card at its URL has changed, and waits for who manages the agent to accept it'

function unacceptable([first, ...more]: JudgedCard['violations']): string {
  const others = more.length > 0 ? ` (and ${more.length} more)` : ''
  return `The card at its URL cannot be accepted: ${first?.pointer || '/'} ${first?.message}${others}`
}

/** Nothing of another card is remembered, and this one is the agent's. */
const isSettled = ({ originalCard, proposal, rejectedCard }: Agent, { text }: FetchedCard): boolean =>
  text === originalCard && proposal === undefined && rejectedCard === undefined

/**
 * What the publisher serves by now; `undefined` when that is what it was when the card was registered or another one
 * rejected. The error when it is not to be had.
 */
async function servedCard(
  { agents, cards }: CardCheckDeps,
  agent: Agent & { readonly cardUrl: string },
  signal: AbortSignal,
): Promise<FetchedCard | undefined | ParleyError> {
  const { id, cardUrl } = agent
  const waiting = agent.proposal === undefined ? undefined : await agents.findProposal(id)
  const known = waiting ?? agent.rejectedCard
  const validators = known === undefined ? agent.cardValidators : known.validators
  try {
    const found = await cards.refetchCard(cardUrl, validators, signal)
    if (found !== 'unchanged') return found
    return (
      waiting && {
        url: cardUrl,
        origin: waiting.cardOrigin,
        text: waiting.originalCard,
        ...(validators && { validators }),
      }
    )
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ParleyError) return error
    throw error
  }
}
